"""Publishing: whole days, once, resumable after kill -9, reproducible, corrected, not edited."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import polars as pl
import pytest
from tests.grades.conftest import NOW, REFIT, newest_day, take

from assay import ledger, markets
from assay.grades import (
    GradeKind,
    explain_grade,
    export_publication,
    load_grade_history,
    load_grades,
    publish_grades,
    publish_missing,
    reproduce_bundle,
    reproduce_publication,
)
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import BadInput, Corrupt, InFuture, NotFound, SourceMalformed
from assay.kit.home import Home

KIND = GradeKind.TRADER
CLOCK = FixedClock(NOW)


@pytest.fixture
def home(copy_home: Callable[[], Home]) -> Home:
    return copy_home()


@pytest.fixture
def database(home: Home) -> Database:
    return Database(home)


def test_a_day_is_published_once_and_stands(home: Home, database: Database) -> None:
    said = publish_grades(home, database, KIND, CLOCK)
    assert said.as_of == newest_day()
    assert said.origin is ledger.Origin.BACKFILLED
    assert publish_grades(home, database, KIND, CLOCK) == said
    assert load_grades(database, KIND) == said
    assert load_grades(database, KIND, newest_day() - timedelta(days=1)) is None


def test_rows_are_sealed_best_first_and_complete(home: Home, database: Database) -> None:
    said = publish_grades(home, database, KIND, CLOCK)
    rows = orjson.loads(said.rows)
    assert ledger.canonical_json(rows) == said.rows
    grades = [row["grade"] for row in rows]
    viewed = [float(grade) for grade in grades if grade is not None]
    assert viewed == sorted(viewed, reverse=True)
    assert None not in grades[: len(viewed)]
    assert orjson.loads(said.header)["rows_digest"] == hashlib.sha256(said.rows).hexdigest()
    for row in rows[: len(viewed)]:
        assert set(row["sub_grades"]) == {
            "technical", "quant", "momentum", "volatility", "liquidity", "valuation"
        }  # fmt: skip
        assert float(row["interval"]["low"]) < float(row["interval"]["high"])
        assert 0 < float(row["probability"]) < 1


def test_the_change_is_against_yesterday_as_published(home: Home, database: Database) -> None:
    day = newest_day()
    publish_missing(home, database, KIND, CLOCK, start=day - timedelta(days=1), end=day)
    before = {r["token_id"]: r["grade"] for r in _rows(database, day - timedelta(days=1))}
    for row in _rows(database, day):
        if row["grade"] is not None and before[row["token_id"]] is not None:
            change = round(float(row["grade"]) - float(before[row["token_id"]]), 2)
            assert float(row["change"]) == change


def test_histories_follow_the_publications(home: Home, database: Database) -> None:
    assert publish_missing(home, database, KIND, CLOCK) == (newest_day() - REFIT).days + 1
    assert publish_missing(home, database, KIND, CLOCK) == 0
    token = int(_rows(database, newest_day())[0]["token_id"])
    history = load_grade_history(database, KIND, token)
    assert [point.as_of for point in history] == sorted(point.as_of for point in history)
    for point in history[::7]:
        row = next(r for r in _rows(database, point.as_of) if int(r["token_id"]) == token)
        assert (row["grade"], row["label"]) == (point.grade, point.label)


def test_a_back_filled_day_has_the_bytes_of_a_day_judged_alone(
    home: Home, database: Database, copy_home: Callable[[], Home]
) -> None:
    publish_missing(home, database, KIND, CLOCK)
    other = copy_home()
    day = newest_day() - timedelta(days=11)
    alone = publish_grades(other, Database(other), KIND, CLOCK, as_of=day)
    together = load_grades(database, KIND, day)
    assert together is not None
    assert alone.rows == together.rows
    assert alone.inputs_digest == together.inputs_digest


def test_a_changed_past_is_corrected_and_never_edited(
    home: Home, database: Database, tmp_path: Path
) -> None:
    first = publish_grades(home, database, KIND, CLOCK)
    token = markets.load_registry(home).resolve("SYN100")
    older = {
        "symbol": ["SYN100"], "time": [token.first_day - timedelta(days=1)], "open": [900.0],
        "high": [900.0], "low": [900.0], "close": [900.0], "volume": [1e6],
    }  # fmt: skip
    pl.DataFrame(older).write_parquet(tmp_path / "older.parquet")
    take(home, tmp_path / "older.parquet", NOW + timedelta(minutes=1))
    second = publish_grades(home, database, KIND, FixedClock(NOW + timedelta(minutes=2)))
    assert second.rows != first.rows
    assert second.corrects == first.publication_id
    assert load_grades(database, KIND, said_by=NOW) == first
    assert load_grades(database, KIND) == second
    assert reproduce_publication(home, database, first.publication_id).is_equal
    assert reproduce_publication(home, database, second.publication_id).is_equal


def test_what_was_said_outlives_older_candles_of_new_and_known_tokens(
    home: Home, database: Database, tmp_path: Path
) -> None:
    """A file of old candles brings tokens and history that nobody had recorded when it was said."""
    day = newest_day()
    first = publish_grades(home, database, KIND, CLOCK)
    for number, start in enumerate((60, 200), start=1):
        days = [day - timedelta(days=n) for n in range(start + 1)]
        older = {
            "symbol": ["LATECOMER"] * len(days), "time": days,
            "open": [2.0] * len(days), "high": [2.1] * len(days), "low": [1.9] * len(days),
            "close": [2.0 + n % 7 / 100 for n in range(len(days))],
            "volume": [1e6 + 31.7 * n for n in range(len(days))],
        }  # fmt: skip
        pl.DataFrame(older).write_parquet(tmp_path / "older.parquet")
        take(home, tmp_path / "older.parquet", NOW + timedelta(minutes=2 * number))
        later = FixedClock(NOW + timedelta(minutes=2 * number + 1))
        second = publish_grades(home, database, KIND, later)
        assert reproduce_publication(home, database, first.publication_id).is_equal
        assert reproduce_publication(home, database, second.publication_id).is_equal
    early = publish_grades(
        home, database, KIND, FixedClock(NOW + timedelta(hours=1)), as_of=REFIT + timedelta(days=1)
    )
    assert b"LATECOMER" in early.rows
    export_publication(home, database, early.publication_id, tmp_path / "early.zip")
    assert reproduce_bundle(tmp_path / "early.zip").is_equal


def test_days_that_cannot_be_judged_are_refused(home: Home, database: Database) -> None:
    with pytest.raises(InFuture, match="not complete"):
        publish_grades(home, database, KIND, CLOCK, as_of=newest_day() + timedelta(days=1))
    with pytest.raises(NotFound, match="trained by"):
        publish_grades(home, database, KIND, CLOCK, as_of=REFIT - timedelta(days=1))


def test_contributions_add_up_exactly(home: Home, database: Database) -> None:
    said = publish_grades(home, database, KIND, CLOCK)
    for row in orjson.loads(said.rows)[:3]:
        why = explain_grade(home, database, KIND, row["token_id"], said.as_of)
        centi = sum(round(float(item.points) * 100) for item in why.contributions)
        assert why.raw_score == row["raw_score"]
        assert why.grade == row["grade"]
        assert round(float(why.base) * 100) + centi == round(float(row["raw_score"]) * 100)


def test_a_bundle_is_reproduced_without_a_home(
    home: Home, database: Database, tmp_path: Path
) -> None:
    said = publish_grades(home, database, KIND, CLOCK)
    bundle = tmp_path / "said.zip"
    export_publication(home, database, said.publication_id, bundle)
    first = bundle.read_bytes()
    result = reproduce_bundle(bundle)
    assert result.is_equal
    assert result.publication_id == said.publication_id
    export_publication(home, database, said.publication_id, bundle)
    assert bundle.read_bytes() == first


@pytest.mark.parametrize("member", ["rows.json", "candles.parquet", "trees.txt"])
def test_a_tampered_bundle_is_found_out(
    home: Home, database: Database, tmp_path: Path, member: str
) -> None:
    from assay.publishing import read_bundle, write_bundle  # noqa: PLC0415

    said = publish_grades(home, database, KIND, CLOCK)
    bundle = tmp_path / "said.zip"
    export_publication(home, database, said.publication_id, bundle)
    members = read_bundle(bundle)
    name = next(name for name in members if name.endswith(member))
    if member == "candles.parquet":
        frame = pl.read_parquet(members[name])
        frame = frame.with_columns(close=pl.col("close") * 1.000001)
        frame.write_parquet(tmp_path / "c.parquet")
        members[name] = (tmp_path / "c.parquet").read_bytes()
    else:
        members[name] = members[name].replace(b"1", b"2", 1)
    write_bundle(bundle, members)
    if member == "trees.txt":
        with pytest.raises(Corrupt):
            reproduce_bundle(bundle)
    else:
        assert not reproduce_bundle(bundle).is_equal


def test_files_that_are_no_bundles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        reproduce_bundle(tmp_path / "none.zip")
    (tmp_path / "torn.zip").write_bytes(b"PK\x03\x04 half")
    with pytest.raises(SourceMalformed):
        reproduce_bundle(tmp_path / "torn.zip")


def test_another_rooms_publication_is_refused() -> None:
    from assay.grades.proofs import parse_kind  # noqa: PLC0415

    with pytest.raises(BadInput):
        parse_kind("signals.daily")


@pytest.mark.slow
def test_a_killed_back_fill_goes_on_where_it_was(
    copy_home: Callable[[], Home], home: Home, database: Database
) -> None:
    publish_missing(home, database, KIND, CLOCK)
    killed = copy_home()
    name = f"grades.{KIND.value}"
    seen: list[int] = []
    for pause in (0.0, 0.3, 0.6, 1.2, 2.4):
        _backfill_and_kill(killed, after=len(seen) and seen[-1], pause=pause)
        other = Database(killed)
        with other.read() as connection:
            seen.append(len(ledger.list_standing(connection, name)))
        other.close()
    subprocess.run(_command(), env=_environment(killed), check=True, capture_output=True)
    with database.read() as one, Database(killed).read() as two:
        wanted, found = (ledger.list_standing(each, name) for each in (one, two))
        assert [item.as_of for item in found] == [item.as_of for item in wanted]
        for mine, theirs in zip(wanted, found, strict=True):
            said = ledger.load_publication(one, mine.publication_id)
            assert ledger.load_publication(two, theirs.publication_id).rows == said.rows


def _command() -> list[str]:
    return [sys.executable, "-m", "assay", "backfill", "--kind", KIND.value, "--progress-lines"]


def _environment(home: Home) -> dict[str, str]:
    return {**os.environ, "ASSAY_HOME": str(home.path)}


def _backfill_and_kill(home: Home, after: int, pause: float) -> None:
    """Start a back-fill and kill it `pause` seconds after its first sign of life."""
    with subprocess.Popen(
        _command(), env=_environment(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        if after == 0 and child.stdout is not None:
            child.stdout.readline()
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
        child.wait()


def _rows(database: Database, day: object) -> list[dict[str, str]]:
    said = load_grades(database, KIND, day)  # type: ignore[arg-type]
    assert said is not None
    rows: list[dict[str, str]] = orjson.loads(said.rows)
    return rows
