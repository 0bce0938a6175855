"""Every kind from the command line: said when it is owed, shown, checked, true to its shape."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import orjson
import pytest
from pydantic import BaseModel
from tests.cli.inside import assay
from typer.testing import Result

from assay import grades, ledger, publishing
from assay.api.kinds import LISTINGS
from assay.cli.rooms import GRADED, SPEAKERS
from assay.kit.database import Database
from assay.kit.home import Home

pytestmark = pytest.mark.slow

DAY = "2021-04-13"
"""Early, so that the kinds that go on from their first day have little to say before it."""
ELSEWHERE = Path(__file__).parents[1] / "publishing" / "elsewhere.py"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def find_id(answer: Result) -> str:
    """The publication that a table was drawn from, as its last line says."""
    assert answer.exit_code == 0, answer.stdout + answer.stderr
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
    assert shown.exit_code == 0, shown.stderr
    written = assay(home, "briefing", "--as-of", DAY, "--html", str(page), "--md", str(text))
    assert written.exit_code == 0, written.stderr
    assert "13 April 2021" in page.read_text()
    assert text.read_text().startswith("# ")
    assert "13 April 2021" in shown.stdout


def say_everything(home: Path) -> dict[str, str]:
    """Every kind of a home that spoke of the day, with the id of something it said."""
    for command in (["briefing", "--as-of", DAY], ["signals", "--hourly"]):
        assert assay(home, *command).exit_code == 0
    database = Database(Home(home))
    with database.read() as connection:
        newest = {
            kind: ledger.load_latest(connection, kind) for kind in ledger.list_kinds(connection)
        }
    database.close()
    assert newest.keys() == {speaker.kind.name for speaker in SPEAKERS} | GRADED
    return {kind: said.publication_id for kind, said in newest.items() if said is not None}


def test_what_was_said_is_reproduced_here_and_from_its_bundle_alone(
    home: Path, tmp_path: Path
) -> None:
    said = find_id(assay(home, "market", "--as-of", DAY))
    again = assay(home, "reproduce", said)
    assert again.exit_code == 0, again.stdout + again.stderr
    bundle = tmp_path / "said.zip"
    assert assay(home, "export", said, "--out", str(bundle)).exit_code == 0
    elsewhere = assay(tmp_path / "empty", "reproduce", "--bundle", str(bundle))
    assert elsewhere.exit_code == 0, elsewhere.stdout + elsewhere.stderr
    assert "reproduced" in elsewhere.stdout
    assert "signed by the bundle's own key" in elsewhere.stdout
    keys = publishing.read_bundle(bundle)["log.vkey"].decode()
    (tmp_path / "known.vkey").write_text(keys)
    known = ["--key", str(tmp_path / "known.vkey")]
    proved = assay(tmp_path / "empty", "reproduce", "--bundle", str(bundle), *known)
    assert proved.exit_code == 0, proved.stderr
    assert "signed by your key" in proved.stdout


def test_a_sample_of_every_kind_comes_out_equal_and_can_be_drawn_again(home: Path) -> None:
    said = say_everything(home)
    count = str(len(said))
    answer = assay(home, "reproduce", "--sample", count, "--json", "--seed", "7")
    assert answer.exit_code == 0, answer.stdout + answer.stderr
    report = orjson.loads(answer.stdout)
    assert [item["kind"] for item in report["kinds"]] == sorted(said)
    assert [(item["equal"], item["checked"]) for item in report["kinds"]] == [(1, 1)] * len(said)
    assert all(item["published"] >= 1 for item in report["kinds"])
    assert "Reproducing: " in answer.stderr
    some = ["--kind", "market_state", "--kind", "grades.trader"]
    until = ["--seed", "7", "--until", str(report["until"])]
    shown = assay(home, "reproduce", "--sample", "4", *some, *until)
    assert shown.exit_code == 0, shown.stdout + shown.stderr
    assert "4 of 4 came out equal" in shown.stdout
    assert f"--sample 4 --seed 7 --until {report['until']}" in shown.stdout
    assert "signals" not in shown.stdout


CPU_FEATURES = import_module("numpy._core._multiarray_umath").__cpu_features__
OTHER_MACHINE = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NUMBA_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENBLAS_CORETYPE": "Prescott",
    "POLARS_MAX_THREADS": "1",
    "NPY_DISABLE_CPU_FEATURES": " ".join(
        name for name in ("AVX512_ICL", "X86_V4", "X86_V3") if CPU_FEATURES.get(name)
    ),
    "PYTHONHASHSEED": "4242",
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
}
"""Numpy refuses to switch off what a processor does not have."""


def test_bundles_of_every_kind_come_out_equal_elsewhere(home: Path, tmp_path: Path) -> None:
    """Another processor, thread count, zone, language, hash seed and home: the same bytes."""
    said = say_everything(home)
    database = Database(Home(home))
    for kind, name in said.items():
        target = tmp_path / f"{kind}.zip"
        if kind in GRADED:
            grades.export_publication(Home(home), database, name, target)
        else:
            publishing.export_publication(Home(home), database, SPEAKERS, name, target)
    database.close()
    members = publishing.read_bundle(tmp_path / "market_state.zip")
    members["rows.json"] = members["rows.json"].replace(b'"bull"', b'"bear"', 1).replace(b"1", b"2")
    publishing.write_bundle(tmp_path / "spoilt.zip", members)
    expected: dict[str, list[str]] = {f"{kind}.zip": [] for kind in said}
    spoilt = ["published rows", "rows root", "computed rows", "log evidence", "not proved"]
    folders = {"HOME": str(tmp_path), "ASSAY_HOME": str(tmp_path / "elsewhere")}
    child = subprocess.run(
        [sys.executable, str(ELSEWHERE), str(tmp_path)],
        capture_output=True,
        env={**os.environ, **OTHER_MACHINE, **folders},
        check=False,
    )
    assert child.returncode == 0, child.stderr.decode()
    assert orjson.loads(child.stdout) == {**expected, "spoilt.zip": spoilt}
    assert not (tmp_path / "elsewhere").exists()


def test_every_row_that_was_said_has_the_documented_members_and_no_others(home: Path) -> None:
    """The shapes of the API against what the rooms really seal."""
    say_everything(home)
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
    assert answer.exit_code == 2, answer.output
    assert words in answer.stderr
    assert isinstance(answer.exception, SystemExit)
