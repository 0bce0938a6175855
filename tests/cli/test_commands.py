"""The command line as a person uses it: a real process, a real home, real messages."""

import os
import shutil
import subprocess
import sys
from datetime import date
from importlib import resources
from pathlib import Path

import orjson
import polars as pl
import pytest
from tests.cli import inside

from assay import __version__, markets
from assay.kit.home import Home

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def assay(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "ASSAY_HOME": str(home), "COLUMNS": "160"}
    return subprocess.run(
        [sys.executable, "-m", "assay", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_the_first_command_loads_the_sample_and_shows_grades(home: Path) -> None:
    answer = assay(home, "grades", "--kind", "trader", "--top", "5")
    assert answer.returncode == 0, answer.stderr
    assert "2023-12-29" in answer.stdout
    assert "Importing" in answer.stderr
    assert len([line for line in answer.stdout.splitlines() if "█" in line]) == 5
    again = assay(home, "grades", "--kind", "trader", "--top", "5")
    assert again.stdout == answer.stdout
    assert "Importing" not in again.stderr


def test_the_version_is_told(home: Path) -> None:
    answer = inside.assay(home, "--version")
    assert (answer.exit_code, answer.output) == (0, f"{__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grades", "--as-of", "yesterday"], "YYYY-MM-DD"),
        (["grades", "--as-of", "2015-01-01"], "The first graded day is 2021-04-05"),
        (["grade", "--as-of", "2035-01-01"], "2023-12-29"),
        (["explain", "NOSUCHCOIN"], "NOSUCHCOIN"),
        (["explain", "[/red]"], "[/red]"),
        (["redenominate", "NOSUCHUSDT", "--day", "2023-01-01", "--factor", "10"], "NOSUCH"),
        (["reproduce", "grades.trader-2023-01-01-000000000000"], "No publication"),
        (["reproduce"], "publication id, a bundle or the size"),
        (["import", "candles", "missing.csv"], "missing.csv"),
        (["evaluate", "--from", "2023-12-20", "--to", "2023-12-01"], "2023-12"),
    ],
)
def test_bad_input_says_what_to_do(home: Path, arguments: list[str], words: str) -> None:
    answer = inside.assay(home, *arguments)
    assert answer.exit_code == 2, answer.output
    assert words in answer.stderr
    assert isinstance(answer.exception, SystemExit)


def test_files_that_cannot_be_candles_are_refused_and_change_nothing(
    home: Path, tmp_path: Path
) -> None:
    before = assay(home, "tokens").stdout
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("name,price\nBTC,1\n")
    torn = tmp_path / "torn.parquet"
    torn.write_bytes(b"PAR1 half of a file")
    for path in (wrong, torn):
        answer = assay(home, "import", "candles", str(path))
        assert answer.returncode != 0
        assert "error" in answer.stderr
        assert "Traceback" not in answer.stderr
    assert assay(home, "tokens").stdout == before


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    answer = assay(blocked, "grades")
    assert answer.returncode == 2
    assert "ASSAY_HOME" in answer.stderr


def test_a_wrong_setting_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_PORT", "high")
    answer = assay(home, "tokens")
    assert answer.returncode == 2
    assert "ASSAY_PORT" in answer.stderr


def test_a_grade_is_explained_exported_and_reproduced(home: Path, tmp_path: Path) -> None:
    explained = assay(home, "explain", "BTC", "--kind", "investor")
    assert explained.returncode == 0, explained.stderr
    said = assay(home, "grade", "--as-of", "2022-05-09")
    assert said.returncode == 0, said.stderr
    name = said.stdout.split()[0]
    reproduced = assay(home, "reproduce", name)
    assert reproduced.returncode == 0, reproduced.stdout + reproduced.stderr
    bundle = tmp_path / "said.zip"
    assert assay(home, "export", name, "--out", str(bundle)).returncode == 0
    elsewhere = assay(tmp_path / "empty", "reproduce", "--bundle", str(bundle))
    assert elsewhere.returncode == 0, elsewhere.stdout + elsewhere.stderr
    assert "reproduced" in elsewhere.stdout
    assert not (tmp_path / "empty" / "lake").exists()


def test_other_processors_give_the_same_bytes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = assay(home, "grade", "--as-of", "2022-11-08")
    monkeypatch.setenv("NPY_DISABLE_CPU_FEATURES", "X86_V4 AVX512_ICL")
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for line in said.stdout.splitlines():
        reproduced = assay(home, "reproduce", line.split()[0])
        assert reproduced.returncode == 0, reproduced.stdout + reproduced.stderr


def test_a_measured_window_is_written_as_json_and_html(home: Path, tmp_path: Path) -> None:
    answer = assay(
        home, "evaluate", "--kind", "trader", "--from", "2023-06-01", "--to", "2023-07-31",
        "--json", str(tmp_path / "e.json"), "--html", str(tmp_path / "e.html"),
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    document = orjson.loads((tmp_path / "e.json").read_bytes())
    assert {"0", "1", "2", "5", "10"} <= set(document["lags"])
    assert {"rank_ic_mean", "icir", "share_positive"} <= set(document["lags"]["1"])
    assert {"null_sd", "distance_sd"} <= set(document["permutation"])
    assert {"gross_sharpe", "net_sharpe", "turnover"} <= set(document["quintiles"])
    wanted = {"overall", "low_vol", "mid_vol", "high_vol", "worst_month"}
    assert wanted <= set(document["coverage"])
    assert {"coins", "died_inside", "view_share"} <= set(document["universe"])
    assert document["universe"]["view_share"] >= 0.95
    assert "<svg" in (tmp_path / "e.html").read_text()


def test_new_days_are_imported_graded_and_shown(home: Path, tmp_path: Path) -> None:
    """Synthetic candles after the sample; what was turned away can be declared and taken again."""
    kept = Home(Path(shutil.copytree(home, tmp_path / "home")))
    panel = markets.load_panel(kept)
    closes = panel.close[:, panel.column(date(2023, 12, 29))]
    symbols = {
        int(t.token_id): t.symbol for t in markets.load_registry(kept).tokens(panel.last_day)
    }
    rows = [
        (symbols[int(token)], day, close / (1000.0 if symbols[int(token)] == "DODO" else 1.0), 1e6)
        for day in (date(2023, 12, 30), date(2023, 12, 31), date(2024, 1, 1))
        for token, close in zip(panel.token_ids, closes.tolist(), strict=True)
        if close == close
    ]
    frame = pl.DataFrame(rows, schema=["symbol", "time", "close", "volume"], orient="row")
    frame.write_csv(tmp_path / "new.csv")
    # A copy of a home may not go on in the log of the one it was copied from.
    assert assay(kept.path, "log", "new", "--yes").returncode == 0
    taken = assay(kept.path, "import", "candles", str(tmp_path / "new.csv"))
    assert taken.returncode == 0, taken.stderr
    assert "The newest complete day is 2024-01-01." in taken.stdout
    assert "assay backfill" in taken.stdout
    declare = taken.stdout.split("import again: assay ")[1].splitlines()[0]
    assert "DODO" in assay(kept.path, "quarantine").stdout
    words = declare.replace("FACTOR", "1000").split()
    assert assay(kept.path, *words).returncode == 0
    again = assay(kept.path, "import", "candles", str(tmp_path / "new.csv"))
    assert "quarantined" not in again.stdout
    shown = assay(kept.path, "grades", "--top", "3")
    assert "2024-01-01" in shown.stdout, shown.stderr
    assert assay(kept.path, "grades", "--top", "3").stdout == shown.stdout


def test_training_gives_the_shipped_models_to_the_byte(tmp_path: Path) -> None:
    answer = assay(tmp_path, "train", "--kind", "investor")
    assert answer.returncode == 0, answer.stderr
    own = {path.name for path in (tmp_path / "artefacts").iterdir()}
    shipped = resources.files("assay") / "models"
    assert own == {path.name for path in shipped.iterdir() if path.name.startswith("investor-2")}
