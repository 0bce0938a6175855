"""The command line as a person uses it: a real process, a real home, real messages."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grades", "--as-of", "yesterday"], "YYYY-MM-DD"),
        (["grades", "--as-of", "2015-01-01"], "The first graded day is 2021-04-05"),
        (["grade", "--as-of", "2035-01-01"], "2023-12-29"),
        (["explain", "NOSUCHCOIN"], "NOSUCHCOIN"),
        (["reproduce", "grades.trader-2023-01-01-000000000000"], "No publication"),
        (["reproduce"], "publication id or a bundle"),
        (["import", "candles", "missing.csv"], "missing.csv"),
        (["evaluate", "--from", "2023-12-20", "--to", "2023-12-01"], "2023-12"),
    ],
)
def test_bad_input_says_what_to_do(home: Path, arguments: list[str], words: str) -> None:
    answer = assay(home, *arguments)
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


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
