"""Which publications a sample draws, and the evidence of the log that a bundle brings along."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.publishing.conftest import CLOCK, CLOSES, ECHO, HOURLY, LAST, ONE_DAY, SPEAKERS

from assay import ledger, publishing
from assay.kit.database import Database
from assay.kit.errors import BadInput, SourceMalformed
from assay.kit.home import Home
from assay.ledger import Draft, Publication, canonical_json
from assay.publishing import Sample


def draw(database: Database, count: int, seed: int, until: int | None = None) -> Sample:
    with database.read() as connection:
        return publishing.draw_sample(connection, count, seed, until=until)


def say(database: Database, **changes: Any) -> Publication:
    """A publication without facts, which may correct or withdraw another."""
    draft = Draft(CLOSES.kind, LAST, b"[]", "ab" * 32, CLOCK.now(), "rules:1", "code", **changes)
    with ledger.write_ledger(database) as writer:
        return writer.save(draft, CLOCK.now(), is_replay=False)


@pytest.fixture
def spoken(home: Home, database: Database) -> Database:
    for speaker in SPEAKERS:
        publishing.publish_missing(home, database, speaker, CLOCK, start=LAST - 9 * ONE_DAY)
    return database


def test_kinds_take_turns_and_the_seed_decides(spoken: Database) -> None:
    sample = draw(spoken, 9, 5)
    assert Counter(item.heading.kind for item in sample.drawn) == {
        "toy.closes": 3,
        "toy.echo": 3,
        "toy.hourly": 3,
    }
    assert draw(spoken, 9, 5) == sample
    others = [draw(spoken, 9, seed).drawn for seed in range(6, 12)]
    assert all(other != sample.drawn for other in others)
    assert sample.totals["toy.echo"] == 10


def test_anybody_can_repeat_the_draw_by_hand_and_later(home: Home, spoken: Database) -> None:
    sample = draw(spoken, 2, 5)
    with spoken.read() as connection:
        said = [item.publication_id for item in ledger.list_standing(connection, "toy.closes")]
    lowest = min(said, key=lambda name: hashlib.sha256(f"5:{name}".encode()).digest())
    assert lowest in {item.heading.publication_id for item in sample.drawn}
    publishing.publish_missing(home, spoken, CLOSES, CLOCK)
    assert draw(spoken, 2, 5, sample.until) == sample


def test_more_than_there_is_draws_everything(spoken: Database) -> None:
    sample = draw(spoken, 10_000, 1)
    assert len(sample.drawn) == sum(sample.totals.values()) == sample.until
    assert draw(spoken, 5, 1, until=0).drawn == ()


def test_what_was_corrected_or_withdrawn_is_drawn_too_and_named(
    home: Home, database: Database
) -> None:
    first = publishing.publish_day(home, database, CLOSES, CLOCK)
    second = say(database, corrects=first.publication_id)
    third = say(database, withdraws=second.publication_id)
    drawn = {item.heading.publication_id: item for item in draw(database, 9, 1).drawn}
    assert drawn[first.publication_id].overruled_by == (second.publication_id,)
    assert drawn[second.publication_id].overruled_by == (third.publication_id,)
    assert drawn[third.publication_id].overruled_by == ()
    again = publishing.reproduce_publication(home, database, SPEAKERS, first.publication_id)
    assert again.is_equal
    made_up = publishing.reproduce_publication(home, database, SPEAKERS, second.publication_id)
    assert set(made_up.differences) == {"inputs", "computed rows"}
    taken_back = publishing.reproduce_publication(home, database, SPEAKERS, third.publication_id)
    assert taken_back.is_equal, "a withdrawal computes nothing"
    assert "inputs" not in {check.name for check in taken_back.checks}


def export(home: Home, database: Database, said: Publication, path: Path) -> dict[str, bytes]:
    publishing.export_publication(home, database, SPEAKERS, said.publication_id, path)
    return publishing.read_bundle(path)


def test_a_bundle_proves_that_the_log_was_told(
    home: Home, database: Database, tmp_path: Path
) -> None:
    said = publishing.publish_day(home, database, ECHO, CLOCK)
    path = tmp_path / "said.zip"
    members = export(home, database, said, path)
    found = publishing.reproduce_bundle(path, SPEAKERS)
    assert found.is_equal
    assert found.evidence is not None
    assert found.evidence.is_right
    assert "entry 0 of 1 of localhost/assay/log/" in found.evidence.text
    assert "the bundle's own key" in found.evidence.text
    known = members["log.vkey"].decode().split()
    proved = publishing.reproduce_bundle(path, SPEAKERS, known).evidence
    assert proved is not None
    assert "your key" in proved.text


def test_the_same_publication_and_log_give_the_same_file(
    home: Home, database: Database, tmp_path: Path
) -> None:
    said = publishing.publish_day(home, database, CLOSES, CLOCK)
    one, two, three = (tmp_path / name for name in ("one.zip", "two.zip", "three.zip"))
    before = export(home, database, said, one)
    export(home, database, said, two)
    assert one.read_bytes() == two.read_bytes()
    publishing.publish_day(home, database, ECHO, CLOCK)
    after = export(home, database, said, three)
    assert {name for name in before if before[name] != after[name]} == {"proof.tlog-proof"}
    assert before.keys() == after.keys()


def test_wrong_evidence_fails_and_missing_evidence_is_told(
    home: Home, database: Database, tmp_path: Path
) -> None:
    said = publishing.publish_day(home, database, CLOSES, CLOCK, as_of=LAST - timedelta(days=1))
    other = publishing.publish_day(home, database, CLOSES, CLOCK)
    path = tmp_path / "said.zip"
    members = export(home, database, said, path)
    foreign = export(home, database, other, tmp_path / "other.zip")
    stranger = "stranger.example+a2b3d3a4+ASXwWhZPCjoAGQ5X4PAc6bG2mv8QEW7aTQAI1L0J7bMr"

    def check(changes: Mapping[str, bytes | None], keys: list[str] | None = None) -> bool | None:
        kept = {name: item for name, item in {**members, **changes}.items() if item is not None}
        publishing.write_bundle(path, kept)
        found = publishing.reproduce_bundle(path, SPEAKERS, keys or [])
        assert found.evidence is not None
        assert found.is_equal is (found.evidence.is_right is not False)
        return found.evidence.is_right

    assert check({}) is True
    older: dict[str, bytes | None] = {"proof.tlog-proof": None, "log.vkey": None}
    assert check(older) is None, "a bundle of an older version still works and says what it lacks"
    assert check(older, members["log.vkey"].decode().split()) is False
    assert check({"proof.tlog-proof": foreign["proof.tlog-proof"]}) is False
    assert check({"proof.tlog-proof": b"c2sp.org/tlog-proof@v1\n"}) is False
    assert check({"log.vkey": b""}) is False
    assert check({"log.vkey": b"\xff\n"}) is False
    assert check({}, [stranger]) is False


@pytest.mark.parametrize("junk", [b"", b"{}", b"[]", b"null", b"\xff\0", b'{"version":2}'])
def test_junk_in_a_bundle_is_a_damaged_file_or_a_difference(
    home: Home, database: Database, tmp_path: Path, junk: bytes
) -> None:
    publishing.publish_day(home, database, CLOSES, CLOCK)
    said = publishing.publish_day(home, database, ECHO, CLOCK)
    path = tmp_path / "said.zip"
    members = export(home, database, said, path)
    for name in members:
        publishing.write_bundle(path, {**members, name: junk})
        with suppress(SourceMalformed, BadInput):
            assert not publishing.reproduce_bundle(path, SPEAKERS).is_equal, name


def test_every_seal_of_every_header_version_is_checked(home: Home, database: Database) -> None:
    said = publishing.publish_day(home, database, CLOSES, CLOCK)
    header = orjson.loads(said.header)
    names = [seal.name for seal in ledger.check_seals(said.header, said.rows)]
    assert names == ["published rows", "rows root", "row count"]
    for name, value in {"rows_digest": "0" * 64, "rows_root": "0" * 64, "row_count": 7}.items():
        bent = canonical_json({**header, name: value})
        wrong = [not seal.is_right for seal in ledger.check_seals(bent, said.rows)]
        assert wrong == [name == key for key in ("rows_digest", "rows_root", "row_count")]
    first = {key: item for key, item in header.items() if key not in {"rows_root", "row_count"}}
    old = canonical_json({**first, "version": 1})
    [only] = ledger.check_seals(old, said.rows)
    assert only.is_right
    assert not any(seal.is_right for seal in ledger.check_seals(said.header, b"[1, 2]"))
    with pytest.raises(BadInput, match="version 3"):
        ledger.check_seals(canonical_json({**header, "version": 3}), said.rows)


def test_the_hours_are_drawn_and_reproduced_too(home: Home, spoken: Database) -> None:
    hours = [item for item in draw(spoken, 6, 3).drawn if item.heading.kind == HOURLY.kind.name]
    assert len(hours) == 2
    for item in hours:
        name = item.heading.publication_id
        assert publishing.reproduce_publication(home, spoken, SPEAKERS, name).is_equal
