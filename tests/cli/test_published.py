"""Every kind from the command line: said when it is owed, shown, checked, true to its shape."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from pydantic import BaseModel

from assay import ledger
from assay.api.kinds import LISTINGS
from assay.kit.database import Database
from assay.kit.home import Home

pytestmark = pytest.mark.slow

DAY = "2021-04-13"
"""Early, so that the kinds that go on from their first day have little to say before it."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def assay(home: Path, *arguments: str, columns: int = 160) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "ASSAY_HOME": str(home), "COLUMNS": str(columns)}
    return subprocess.run(
        [sys.executable, "-m", "assay", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def find_id(answer: "subprocess.CompletedProcess[str]") -> str:
    """The publication that a table was drawn from, as its last line says."""
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout.splitlines()[-1].split()[0]


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (["signals"], "signals.daily-2021-04-13", ["Followed", "Constant", "Held"]),
        (["signals", "--symbol", "ETH"], "signals.daily", ["ETH"]),
        (["forecasts"], "forecasts.quantiles-2021-04-13", ["7 d", "90 d", "BTC"]),
        (["forecasts", "--symbol", "BTC"], "forecasts.quantiles", ["50%", "Volatility"]),
        (["levels", "--symbol", "BTC"], "forecasts.levels", ["support", "Touched"]),
        (["scenarios", "--top", "3"], "forecasts.scenarios", ["bear", "bull"]),
        (["moonshots", "--top", "5"], "moonshots-2021-04-13", ["past events", "-80 %"]),
        (["moonshots", "--outcomes"], "moonshots.outcomes-2021-04-13", ["Became"]),
        (["market"], "market_state-2021-04-13", ["Bull or bear", "Fear and greed"]),
        (["indices"], "indices-2021-04-13", ["trader", "investor", "top-25"]),
        (["indices", "trader"], "indices-2021-04-13", ["Weight", "next rebalance"]),
    ],
)
def test_a_day_that_is_owed_is_said_and_shown(
    home: Path, arguments: list[str], kind: str, words: list[str]
) -> None:
    for columns in (160, 80):
        answer = assay(home, *arguments, "--as-of", DAY, columns=columns)
        said = find_id(answer)
        assert said.startswith(kind)
        assert DAY in answer.stdout
        if columns == 160:
            first = said
            assert all(word.lower() in answer.stdout.lower() for word in words), answer.stdout
    assert said == first


def test_the_last_hour_has_signals_of_its_own(home: Path) -> None:
    answer = assay(home, "signals", "--hourly")
    assert find_id(answer).startswith("signals.hourly-2023-12-29T23")
    assert "BTC" in answer.stdout


def test_the_briefing_is_written_as_page_and_text(home: Path, tmp_path: Path) -> None:
    page, text = tmp_path / "b.html", tmp_path / "b.md"
    shown = assay(home, "briefing", "--as-of", DAY)
    assert shown.returncode == 0, shown.stderr
    written = assay(home, "briefing", "--as-of", DAY, "--html", str(page), "--md", str(text))
    assert written.returncode == 0, written.stderr
    assert "13 April 2021" in page.read_text()
    assert text.read_text().startswith("# ")
    assert "13 April 2021" in shown.stdout


@pytest.mark.parametrize("command", ["signals", "indices", "market", "moonshots", "levels"])
def test_what_was_said_is_reproduced_here_and_from_its_bundle_alone(
    home: Path, tmp_path: Path, command: str
) -> None:
    said = find_id(assay(home, command, "--as-of", DAY))
    again = assay(home, "reproduce", said)
    assert again.returncode == 0, again.stdout + again.stderr
    bundle = tmp_path / "said.zip"
    assert assay(home, "export", said, "--out", str(bundle)).returncode == 0
    elsewhere = assay(tmp_path / "empty", "reproduce", "--bundle", str(bundle))
    assert elsewhere.returncode == 0, elsewhere.stdout + elsewhere.stderr
    assert "reproduced" in elsewhere.stdout


def test_every_row_that_was_said_has_the_documented_members_and_no_others(home: Path) -> None:
    """The shapes of the API against what the rooms really seal."""
    for command in (["briefing", "--as-of", DAY], ["signals", "--hourly"]):
        assert assay(home, *command).returncode == 0
    database = Database(Home(home))
    for listing in LISTINGS:
        if listing.part or listing.name == "index_performance":
            continue
        with database.read() as connection:
            found = ledger.load_latest(connection, listing.said.kind)
        assert found is not None, listing.said.kind
        for row in orjson.loads(found.rows):
            unknown = list(list_unknown(listing.row.model_validate_json(orjson.dumps(row))))
            assert unknown == [], listing.path


def list_unknown(value: object, path: str = "") -> Iterator[str]:
    """Paths of members that no shape documents."""
    if isinstance(value, BaseModel):
        for extra in value.model_extra or {}:
            yield f"{path}.{extra}"
        for field in type(value).model_fields:
            yield from list_unknown(getattr(value, field), f"{path}.{field}")
    if isinstance(value, list):
        for item in value:
            yield from list_unknown(item, path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["signals", "--as-of", "2015-01-01"], "The first day is 2021-04-05"),
        (["signals", "--as-of", "2035-01-01"], "2023-12-29"),
        (["signals", "--hourly", "--as-of", "2021-04-13"], "signals.hourly"),
        (["forecasts", "--symbol", "NOSUCHCOIN", "--as-of", DAY], "NOSUCHCOIN"),
        (["indices", "nosuch", "--as-of", DAY], "trader"),
        (
            ["evaluate", "--kind", "signals", "--from", "2021-05-09", "--to", "2021-05-01"],
            "2021-05",
        ),
        (["index", "create", "missing.toml"], "missing.toml"),
        (["index", "show", "nosuch"], "nosuch"),
    ],
)
def test_bad_input_says_what_to_do(home: Path, arguments: list[str], words: str) -> None:
    answer = assay(home, *arguments)
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
