"""Proofs of what the ledger wrote: for every row and between all sizes, on both databases."""

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay import ledger
from assay.kit.database import Database
from assay.kit.errors import BadInput, Corrupt, NotFound
from assay.kit.home import Home
from assay.ledger import Draft, Kind, Publication
from assay.ledger.compute.proofs import format_extension, format_extra, format_inclusion
from assay.ledger.store.log import log_tiles
from assay.ledger.store.publications import insert_publication
from assay.verifier import (
    EMPTY_ROOT,
    Malformed,
    NotVerified,
    VerifierKey,
    is_consistent,
    parse_extension,
    parse_inclusion,
    verify_publication,
    verify_row,
)

DAILY = Kind("grades.trader", live_within=timedelta(hours=24), opens_after=timedelta(days=1))
DAY = date(2023, 6, 1)
CLOSE = datetime(2023, 6, 2, tzinfo=UTC)
BATCHES = (1, 2, 3, 5)
"""How many publications each transaction holds: checkpoints stand at 1, 3, 6 and 11."""


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    database = Database(each_home)
    yield database
    database.close()


def publish(database: Database, *rows: bytes) -> list[Publication]:
    with ledger.write_ledger(database) as writer:
        drafts = [
            Draft(DAILY, DAY, shown, f"{place:064x}", CLOSE, "model", "code")
            for place, shown in enumerate(rows)
        ]
        return [writer.save(draft, CLOSE, is_replay=False) for draft in drafts]


def fill(database: Database) -> list[Publication]:
    said: list[Publication] = []
    for count in BATCHES:
        start = len(said)
        said += publish(
            database,
            *(b'[{"n":%d},{"n":"\xc3\xa9"},{"n":null}]' % (start + x) for x in range(count)),
        )
    return said


def keys(database: Database) -> list[VerifierKey]:
    with database.read() as connection:
        log = ledger.load_log(connection)
        assert log is not None
        return [
            ledger.parse_vkey(ledger.format_vkey(key.name, key.public_key))
            for key in ledger.list_log_keys(connection, log.number)
        ]


def test_every_row_of_every_publication_is_proved(database: Database) -> None:
    said, known = fill(database), keys(database)
    with database.read() as connection:
        for index, publication in enumerate(said):
            name = publication.publication_id
            whole = verify_publication(
                publication.rows, ledger.prove_publication(connection, name), known
            )
            assert (whole.header, whole.index, whole.head.size) == (publication.header, index, 11)
            for row, shown in enumerate(orjson.loads(publication.rows)):
                proof = ledger.prove_row(connection, name, row)
                found = verify_row(orjson.dumps(shown), proof, known)
                assert (found.row, found.index) == ((row, 3), index)
                with pytest.raises(NotVerified, match="are not row"):
                    verify_row(orjson.dumps({**shown, "x": 1}), proof, known)


def test_a_proof_in_the_tree_of_an_older_checkpoint(database: Database) -> None:
    said, known = fill(database), keys(database)
    with database.read() as connection:
        proof = ledger.prove_publication(connection, said[4].publication_id, size=6)
        assert verify_publication(said[4].rows, proof, known).head.size == 6
        with pytest.raises(BadInput, match="is older than"):
            ledger.prove_publication(connection, said[6].publication_id, size=6)
        with pytest.raises(NotFound, match="no checkpoint of 7 entries"):
            ledger.prove_publication(connection, said[4].publication_id, size=7)


def test_every_size_is_joined_to_every_checkpoint(database: Database) -> None:
    fill(database)
    with database.read() as connection:
        heads = {0: EMPTY_ROOT}
        for size in (1, 3, 6, 11):
            signed = ledger.load_checkpoint(connection, size=size)
            assert signed is not None
            heads[size] = signed.root
        for old in range(12):
            found = parse_extension(ledger.prove_consistency(connection, old))
            assert (found.old_size, found.head.size, found.head.root) == (old, 11, heads[11])
            if old in heads:
                assert is_consistent(old, heads[old], 11, heads[11], found.path)
        short = parse_extension(ledger.prove_consistency(connection, 3, 6))
        assert is_consistent(3, heads[3], 6, heads[6], short.path)
        wrong: list[tuple[int, int | None]] = [(12, None), (7, 6), (-1, None)]
        for old, newer in wrong:
            with pytest.raises(BadInput, match="no size that comes before"):
                ledger.prove_consistency(connection, old, newer)


def test_what_cannot_be_proved_says_why(database: Database) -> None:
    with database.read() as connection:
        with pytest.raises(NotFound, match="no such log"):
            ledger.prove_consistency(connection, 0)
        with pytest.raises(NotFound, match="nothing-here"):
            ledger.prove_publication(connection, "nothing-here")
    [said, empty] = publish(database, b"[1]", b"[]")
    with database.read() as connection:
        for index in (-1, 1):
            with pytest.raises(NotFound, match=f"has no row {index}"):
                ledger.prove_row(connection, said.publication_id, index)
        with pytest.raises(NotFound, match="has no row 0") as caught:
            ledger.prove_row(connection, empty.publication_id, 0)
    assert caught.value.hint == "It has no rows."


def test_a_header_of_the_first_version_is_proved_only_as_a_whole(database: Database) -> None:
    [said] = publish(database, b"[1]")
    old = ledger.canonical_json({"version": 1, "kind": DAILY.name})
    changed = {
        "publication_id": "old",
        "sequence": said.sequence + 1,
        "header": old,
        "digest": ledger.compute_digest(old),
    }
    values = {name: getattr(said, name) for name in Publication.__slots__}
    with database.write() as connection:
        insert_publication(connection, Publication(**{**values, **changed}))
    with database.read() as connection:
        with pytest.raises(BadInput, match="version 1") as caught:
            ledger.prove_row(connection, "old", 0)
        assert "whole publication" in caught.value.hint
        with pytest.raises(NotFound, match="in no log"):
            ledger.prove_publication(connection, "old")


def test_a_damaged_tile_gives_an_error_and_no_proof(database: Database) -> None:
    [first, *_] = fill(database)
    for width in (11, 3):
        with database.write() as connection:
            if database.is_shared:
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            elif width == 11:
                connection.exec_driver_sql("DROP TRIGGER log_tiles_no_update")
            connection.execute(log_tiles.update().values(hashes=bytes(width * 32)))
        with database.read() as connection:
            with pytest.raises(Corrupt, match="do not lead to the root"):
                ledger.prove_publication(connection, first.publication_id)
            with pytest.raises(Corrupt, match="do not lead to the root"):
                ledger.prove_consistency(connection, 3)


class Abandoned(Exception):
    """Ends a transaction that must not be committed."""


def test_tiles_seen_in_an_abandoned_transaction_prove_nothing(database: Database) -> None:
    publish(database, *(b"[%d]" % number for number in range(254)))
    with pytest.raises(Abandoned), ledger.write_ledger(database) as writer:
        draft = Draft(DAILY, DAY, b'["lost"]', "ab" * 32, CLOSE, "model", "code")
        lost = [writer.save(draft, CLOSE, is_replay=False) for draft in [draft]]
        writer.sign()
        proof = ledger.prove_publication(writer.connection, lost[0].publication_id)
        assert parse_inclusion(proof).index == 254
        raise Abandoned
    [kept, _] = publish(database, b'["kept"]', b"[]")
    with database.read() as connection:
        proof = ledger.prove_publication(connection, kept.publication_id)
    assert verify_publication(kept.rows, proof, keys(database)).index == 254


HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=63)
NOTE = b"log\n9\n" + base64.b64encode(bytes(32)) + b"\n\n\xe2\x80\x94 k AAAAAAA=\n"


@given(st.integers(0, 2**60), HASHES, st.binary(max_size=40))
def test_what_is_written_is_read(number: int, path: list[bytes], extra: bytes) -> None:
    found = parse_inclusion(format_inclusion(number, path, NOTE, extra))
    assert (found.index, found.path, found.extra, found.head.size) == (number, path, extra, 9)
    joined = parse_extension(format_extension(number, path, NOTE))
    assert (joined.old_size, joined.path, joined.head) == (number, path, found.head)


def test_what_travels_in_a_proof() -> None:
    extra = orjson.loads(format_extra(b'{"a":"\xc3\xa9"}', (1, 4, [bytes(32)])))
    assert extra["header"] == '{"a":"é"}'
    assert extra["row"] == {"count": 4, "index": 1, "proof": [base64.b64encode(bytes(32)).decode()]}


GOOD = format_inclusion(3, [bytes(32)], NOTE, b"extra")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1", b"@v2"),
        (b"index 3", b"index 03"),
        (b"index 3", b"index -3"),
        (b"index 3", b"indexes 3"),
        (b"index 3\n", b""),
        (b"index 3", b"index 3 "),
        (b"extra ZXh0cmE=", b"extra ZXh0cmE"),
        (b"extra ZXh0cmE=", b"extra"),
        (b"extra ZXh0cmE=\n", b"extra ZXh0cmE=\nextra ZXh0cmE=\n"),
        (b"AAA=\n\n", b"AAA=\n"),
        (b"AAA=\n\n", b"AAA=\n\n\n"),
        (b"\nAAAA", b"\nAAA"),
        (b"\nAAAA", b"\n\xffAAA"),
    ],
)
def test_what_is_no_proof(old: bytes, new: bytes) -> None:
    assert old in GOOD
    with pytest.raises(Malformed, match=r"no (proof of inclusion|checkpoint|signed note)"):
        parse_inclusion(GOOD.replace(old, new, 1))


def test_too_many_hashes_are_no_proof() -> None:
    with pytest.raises(Malformed, match="more than 63"):
        parse_inclusion(format_inclusion(3, [bytes(32)] * 64, NOTE))
    with pytest.raises(Malformed, match="no proof of consistency"):
        parse_extension(GOOD)
