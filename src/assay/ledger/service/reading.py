"""Reading the transparency log: its newest checkpoint, its tiles and its entries."""

from dataclasses import replace

from sqlalchemy import Connection

from assay.ledger.store import log as store
from assay.ledger.store.outside import list_cosignature_lines
from assay.ledger.types import SignedCheckpoint


def load_checkpoint(
    connection: Connection, log: int | None = None, size: int | None = None
) -> SignedCheckpoint | None:
    """The checkpoint of a log (default: the newest log) at exactly `size` entries (default: its
    newest checkpoint), its note with all cosignatures that are known; None where there is none.
    """
    number = _choose(connection, log)
    found = None if number is None else store.load_checkpoint(connection, number, size)
    if number is None or found is None:
        return None
    lines = list_cosignature_lines(connection, number, found.size)
    return replace(found, note=b"".join([found.note, *lines]))


def read_tile(connection: Connection, log: int, level: int, index: int) -> bytes:
    """The hashes that the tile (level, index) has now, one behind the other, at most 256 of 32
    bytes; empty where there is none. A narrower partial tile is a beginning of it.
    """
    return store.load_tile(connection, log, level, index)


def read_entries(connection: Connection, log: int, start: int, end: int) -> list[bytes]:
    """The exact bytes of the entries from position `start` up to but not including `end`; fewer
    where the log ends before.
    """
    return store.list_entries(connection, log, start, end)


def _choose(connection: Connection, log: int | None) -> int | None:
    if log is not None:
        return log
    newest = store.load_log(connection)
    return None if newest is None else newest.number
