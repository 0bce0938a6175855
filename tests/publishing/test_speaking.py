"""Saying, owing and saying again: every kind of statement takes this one way."""

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import orjson
import polars as pl
import pytest
from tests.publishing.conftest import (
    CLOCK,
    CLOSES,
    DAYS,
    ECHO,
    HOURLY,
    LAST,
    NOW,
    ONE_DAY,
    SPEAKERS,
    take,
)

from assay import ledger, publishing
from assay.kit.database import Database
from assay.kit.errors import BadInput, InFuture, NotFound
from assay.kit.home import Home
from assay.publishing import FIRST_DAY, Facts, Judgement, Said


def rows_of(database: Database, kind: str) -> dict[date, bytes]:
    return dict(publishing.load_days(database, kind))


def test_what_is_owed_is_said_once(home: Home, database: Database) -> None:
    assert publishing.publish_missing(home, database, CLOSES, CLOCK) == DAYS
    assert publishing.publish_missing(home, database, CLOSES, CLOCK) == 0
    said = rows_of(database, "toy.closes")
    assert list(said) == [FIRST_DAY + n * ONE_DAY for n in range(DAYS)]
    assert orjson.loads(said[LAST])[0]["count"] == DAYS


def test_a_day_alone_says_what_the_whole_run_said(home: Home, database: Database) -> None:
    publishing.publish_missing(home, database, CLOSES, CLOCK, end=LAST - ONE_DAY)
    alone = publishing.publish_day(home, database, CLOSES, CLOCK)
    assert alone.as_of == LAST
    assert orjson.loads(alone.rows)[0]["count"] == DAYS
    assert publishing.publish_day(home, database, CLOSES, CLOCK) == alone
    found = publishing.reproduce_publication(home, database, SPEAKERS, alone.publication_id)
    assert found.is_equal, found


def test_a_run_that_was_cut_off_goes_on(
    home: Home, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.publishing.service.PER_TRANSACTION", 16)

    class PowerCutError(Exception):
        pass

    def judge(days: Sequence[date], facts: Facts, said: Said) -> Iterable[Judgement]:
        for count, judgement in enumerate(CLOSES.judge(days, facts, said)):
            if count == 20:
                raise PowerCutError
            yield judgement

    broken = replace(CLOSES, judge=judge)
    with pytest.raises(PowerCutError):
        publishing.publish_missing(home, database, broken, CLOCK)
    kept = rows_of(database, "toy.closes")
    assert 0 < len(kept) < 20
    assert publishing.publish_missing(home, database, CLOSES, CLOCK) == DAYS - len(kept)
    said = rows_of(database, "toy.closes")
    assert orjson.loads(said[LAST])[0]["count"] == DAYS


def test_what_was_read_is_part_of_the_inputs(home: Home, database: Database) -> None:
    deaf = publishing.publish_day(home, database, ECHO, CLOCK, as_of=LAST)
    assert orjson.loads(deaf.rows)[0]["heard"] is None
    publishing.publish_day(home, database, CLOSES, CLOCK, as_of=LAST)
    heard = publishing.publish_day(home, database, ECHO, CLOCK, as_of=LAST)
    assert heard.corrects == deaf.publication_id
    assert heard.inputs_digest != deaf.inputs_digest
    for said in (deaf, heard):
        found = publishing.reproduce_publication(home, database, SPEAKERS, said.publication_id)
        assert found.is_equal, found


def test_a_kind_that_is_not_declared_may_not_be_read(home: Home, database: Database) -> None:
    curious = replace(ECHO, reads=())
    with pytest.raises(ValueError, match=r"toy\.closes"):
        publishing.publish_day(home, database, curious, CLOCK)


def test_every_hour_is_said_and_made_again(home: Home, database: Database) -> None:
    days = publishing.publish_missing(home, database, HOURLY, CLOCK)
    with database.read() as connection:
        standing = ledger.list_standing(connection, "toy.hourly")
        last = ledger.load_latest(connection, "toy.hourly")
        fifth = ledger.load_latest(connection, "toy.hourly", LAST, hour=5)
    assert [item.hour for item in standing] == list(range(24)) * days
    assert last is not None
    assert fifth is not None
    assert (last.as_of, last.hour, fifth.hour) == (LAST, 23, 5)
    assert last.publication_id.startswith(f"toy.hourly-{LAST}T23-")
    assert publishing.publish_missing(home, database, HOURLY, CLOCK) == 0
    for said in (last, fifth):
        found = publishing.reproduce_publication(home, database, SPEAKERS, said.publication_id)
        assert found.is_equal, found


@pytest.mark.parametrize("speaker", SPEAKERS, ids=lambda item: item.kind.name)
def test_a_bundle_is_enough_to_say_it_again(
    home: Home, database: Database, tmp_path: Path, speaker: publishing.Speaker
) -> None:
    publishing.publish_missing(home, database, CLOSES, CLOCK)
    said = publishing.publish_day(home, database, speaker, CLOCK)
    path = tmp_path / "said.zip"
    publishing.export_publication(home, database, SPEAKERS, said.publication_id, path)
    assert publishing.reproduce_bundle(path, SPEAKERS).is_equal
    members = publishing.read_bundle(path)
    for name in members:
        if name.startswith("said/"):
            members[name] = members[name].replace(b"1", b"2")
    if any(name.startswith("said/") for name in members):
        publishing.write_bundle(path, members)
        assert not publishing.reproduce_bundle(path, SPEAKERS).is_equal
    assert zipfile.is_zipfile(path)


def test_a_correction_is_said_as_one(home: Home, database: Database, tmp_path: Path) -> None:
    before = publishing.publish_day(home, database, CLOSES, CLOCK)
    row = {"symbol": "TOY0", "time": LAST, "close": 11.11, "volume": 1000.0}
    pl.DataFrame([row]).write_parquet(tmp_path / "late.parquet")
    take(home, tmp_path / "late.parquet", now=NOW + timedelta(days=1))
    again = publishing.publish_day(home, database, CLOSES, CLOCK)
    assert again == before, "a correction after the close does not change what was known then"


def test_days_that_cannot_be_said_are_refused(home: Home, database: Database) -> None:
    with pytest.raises(InFuture):
        publishing.publish_day(home, database, CLOSES, CLOCK, as_of=LAST + ONE_DAY)
    with pytest.raises(NotFound):
        publishing.publish_day(home, database, CLOSES, CLOCK, as_of=FIRST_DAY - ONE_DAY)
    with pytest.raises(BadInput, match="toy"):
        publishing.find_speaker(SPEAKERS, "no.such")


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [(1.005, 2, "1.00"), (-0.001, 2, "0.00"), (-1.5, 1, "-1.5"), (float("nan"), 2, None)],
)
def test_decimals(value: float, places: int, text: str | None) -> None:
    assert publishing.format_decimal(value, places) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(42066.95, "42066.95"), (0.000012345678912, "0.000012345679"), (1e10, "10000000000")],
)
def test_prices(value: float, text: str) -> None:
    assert publishing.format_price(value) == text


def test_a_kind_that_continues_never_gets_its_newest_day_first(
    home: Home, database: Database
) -> None:
    continuing = replace(CLOSES, is_continuing=True)
    newest = publishing.publish_day(home, database, continuing, CLOCK)
    assert orjson.loads(newest.rows)[0]["count"] == DAYS
    assert publishing.publish_missing(home, database, continuing, CLOCK, start=LAST) == 0
