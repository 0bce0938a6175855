"""The state of the log, its checkpoints and anchors, and proofs as files."""

from collections.abc import Iterator, Sequence
from functools import partial

import orjson
from sqlalchemy import Connection

from assay import ledger
from assay.api.answers.common import write_envelope, write_json
from assay.api.answers.lists import CHUNK_ROWS, Found, Placed, read_cursor
from assay.api.answers.tiles import TEXT, find_log, name_log
from assay.api.cursors import fingerprint
from assay.api.kinds.log import (
    Anchored,
    AnchorsQuery,
    CheckpointsQuery,
    ConsistencyQuery,
    HeadSort,
    LoggedCheckpoint,
)
from assay.api.sealed import Content
from assay.api.state import ApiState, Facts
from assay.kit.errors import BadInput, Corrupt, LogHalted
from assay.ledger import Log, SignedCheckpoint

SHOWN_ANCHORS = 10
NOTHING = "Nothing has been published yet; run `assay backfill`."


def answer_log(state: ApiState, number: int | None) -> Content:
    """What a log is, how long, who signs and who has seen it."""
    is_halted = number is None and check_halted(state)
    with state.database.read() as connection:
        log = find_log(connection, number)
        signed = ledger.load_checkpoint(connection, log.number)
        shown = {
            **show_log(connection, log, signed),
            "root": None if signed is None else signed.root.hex(),
            "checkpoint": None if signed is None else signed.note.decode(),
            "signed_at": None if signed is None else signed.signed_at,
            "is_halted": is_halted,
            "keys": [
                {
                    "vkey": ledger.format_vkey(key.name, key.public_key),
                    "since": key.since,
                    "until": key.until,
                }
                for key in ledger.list_log_keys(connection, log.number)
            ],
            "witnesses": [
                {
                    "name": witness.name,
                    "vkey": witness.vkey,
                    "size": witness.size,
                    "cosigned_at": witness.cosigned_at,
                }
                for witness in ledger.list_witnesses(connection, log.number)
            ],
            "anchors": show_anchors(
                ledger.list_anchors(connection, log.number, after=None, limit=SHOWN_ANCHORS)
            ),
            "earlier": [
                show_log(connection, other, ledger.load_checkpoint(connection, other.number))
                for other in ledger.list_logs(connection)
                if other.number < log.number
            ],
        }
    return write_envelope(write_json(shown), None)


def check_halted(state: ApiState) -> bool:
    """True if the database is a copy, or does not extend what was signed or seen before."""
    with state.database.read() as connection:
        newest = ledger.load_log(connection)
    # In a transaction of its own: what a file names was committed before the file was written.
    with state.database.read() as connection:
        try:
            if newest is not None:
                ledger.refuse_moved(state.database, connection, newest)
            return bool(ledger.list_unmet(connection, state.home, newest))
        except (Corrupt, LogHalted):
            return True


def show_log(
    connection: Connection, log: Log, signed: SignedCheckpoint | None
) -> dict[str, object]:
    """What every log is shown with."""
    return {
        "number": log.number,
        "origin": log.origin,
        "is_replay": log.is_replay,
        "started_at": log.started_at,
        "size": 0 if signed is None else signed.size,
        "path": f"/log/{name_log(log)}",
    }


def show_anchors(receipts: Sequence[ledger.AnchorReceipt]) -> list[dict[str, object]]:
    """Receipts with the very members that their files have."""
    return [orjson.loads(ledger.format_receipt(receipt)) for receipt in receipts]


def count_log(state: ApiState, number: int | None) -> str:
    """Changes with every checkpoint of a log, also with those that come without a publication."""
    with state.database.read() as connection:
        signed = ledger.load_checkpoint(connection, number)
        newest = ledger.load_log(connection, number)
        anchors = (
            ledger.list_anchors(connection, newest.number, after=None, limit=1) if newest else []
        )
    parts = (newest and newest.number, signed and (signed.size, signed.note), anchors)
    return fingerprint(*parts)


def find_checkpoints(state: ApiState, facts: Facts, query: CheckpointsQuery) -> Found:
    """The checkpoints of a log; later pages keep to the log of the first one."""
    scope = fingerprint("checkpoints", query.name_filters())
    cursor = read_cursor(query, scope)
    number = choose_log(state, query.log if cursor is None else int(cursor.anchor))
    is_newest_first = query.sort is HeadSort.NEWEST
    return Found(
        row=LoggedCheckpoint,
        name="checkpoints",
        scope=scope,
        anchor=str(number),
        as_of=None,
        read=partial(walk_checkpoints, state, number, is_newest_first),
        explain=lambda: NOTHING,
        position=None if cursor is None else cursor.position,
    )


def walk_checkpoints(
    state: ApiState, number: int, is_newest_first: bool, position: int | None
) -> Iterator[Placed]:
    """The checkpoints behind a position; their positions are their sizes."""
    while True:
        with state.database.read() as connection:
            found = ledger.list_checkpoints(
                connection,
                number,
                after=position,
                limit=CHUNK_ROWS,
                is_newest_first=is_newest_first,
            )
        for signed in found:
            yield signed.size, show_checkpoint(signed)
        if len(found) < CHUNK_ROWS:
            return
        position = found[-1].size


def show_checkpoint(signed: SignedCheckpoint) -> dict[str, object]:
    """One checkpoint as it is served in a list."""
    return {
        "size": signed.size,
        "root": signed.root.hex(),
        "signed_at": signed.signed_at,
        "checkpoint": signed.note.decode(),
    }


def find_anchors(state: ApiState, facts: Facts, query: AnchorsQuery) -> Found:
    """The anchors of a log, the newest first."""
    scope = fingerprint("anchors", query.name_filters())
    cursor = read_cursor(query, scope)
    number = choose_log(state, query.log if cursor is None else int(cursor.anchor))
    return Found(
        row=Anchored,
        name="anchors",
        scope=scope,
        anchor=str(number),
        as_of=None,
        read=partial(walk_anchors, state, number),
        explain=lambda: "No checkpoint of this log has been written to a chain.",
        position=None if cursor is None else cursor.position,
    )


def walk_anchors(state: ApiState, number: int, position: int | None) -> Iterator[Placed]:
    """The anchors behind a position; their positions are their sizes."""
    while True:
        with state.database.read() as connection:
            found = ledger.list_anchors(connection, number, after=position, limit=CHUNK_ROWS)
        for receipt, shown in zip(found, show_anchors(found), strict=True):
            yield receipt.size, shown
        if len(found) < CHUNK_ROWS:
            return
        position = found[-1].size


def choose_log(state: ApiState, number: int | None) -> int:
    """The number of the log asked for, 0 where there is none yet. Raises NotFound for another."""
    with state.database.read() as connection:
        if number in (None, 0) and ledger.load_log(connection) is None:
            return 0
        return find_log(connection, number or None).number


def answer_consistency(state: ApiState, query: ConsistencyQuery) -> Content:
    """The proof that one checkpoint extends another, as `tlog-witness` takes it."""
    if query.new is not None and query.old > query.new:
        raise BadInput("`old` is larger than `new`.", hint="Exchange the two.")
    with state.database.read() as connection:
        log = find_log(connection, query.log)
        body = ledger.prove_consistency(connection, query.old, query.new, log=log.number)
    return Content(body, TEXT)


def answer_proof(state: ApiState, publication_id: str, size: int | None) -> Content:
    """The inclusion proof of a publication as a `.tlog-proof` file."""
    with state.database.read() as connection:
        body = ledger.prove_publication(connection, publication_id, size)
    return Content(body, TEXT, file_name=f"{publication_id}.tlog-proof")


def answer_row_proof(state: ApiState, publication_id: str, index: int, size: int | None) -> Content:
    """The same of one row of it."""
    with state.database.read() as connection:
        body = ledger.prove_row(connection, publication_id, index, size)
    return Content(body, TEXT, file_name=f"{publication_id}.{index}.tlog-proof")
