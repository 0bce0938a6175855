"""Checking a log: quickly whenever it is opened, to the last leaf where somebody asks for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from weakref import WeakSet

from sqlalchemy import Connection

from assay.kit.database import Database
from assay.kit.errors import Corrupt
from assay.kit.progress import Progress
from assay.ledger.compute.notes import list_signatures, parse_checkpoint
from assay.ledger.compute.sealing import find_altered
from assay.ledger.compute.tree import HASH_BYTES, TILE_WIDTH, Edge, TileKey
from assay.ledger.service.appending import DAMAGED, refuse_cut
from assay.ledger.service.signing import is_valid
from assay.ledger.store.checking import (
    StoredEntry,
    count_all,
    count_entries,
    read_all_entries,
)
from assay.ledger.store.log import (
    StoredTile,
    list_checkpoints,
    list_log_keys,
    load_checkpoint,
    load_end,
    load_log,
    load_tile,
    read_tiles,
)
from assay.ledger.store.publications import list_headers, load_publication, load_version
from assay.ledger.types import Log, LogKey, Selection, SignedCheckpoint
from assay.verifier import SIGNATURE, NotVerified, VerifierKey, compute_root, hash_leaf

_PAGE = 1_000
_opened: "WeakSet[Database]" = WeakSet()


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a full check went through."""

    log: Log
    size: int
    checkpoints: int


def ensure_checked(database: Database) -> None:
    """Check the newest log quickly, once for each database that a process opens."""
    if database not in _opened:
        with database.read() as connection:
            check_quickly(connection)
        _opened.add(database)


def check_quickly(connection: Connection) -> None:
    """Whether the newest log is whole: as many entries and publications as it says, every tile as
    its checksum says, the tiles above the lowest ones and the root computed anew, and the newest
    checkpoint signed by its keys. A million entries take about half a second.

    Raises Corrupt that names what is wrong.
    """
    log = load_log(connection)
    if log is None:
        return
    size = load_end(connection, log.number)[0]
    signed = load_checkpoint(connection, log.number)
    refuse_cut(log, size, signed)
    found = count_entries(connection, log.number)
    if found != size:
        raise _damaged(log, f"has {found} of {size} entries")
    _refuse_missing(connection, log)
    _check_tiles(connection, log, size)
    if signed is not None:
        edge = Edge(size, lambda level, index: load_tile(connection, log.number, level, index))
        if edge.root() != signed.root:
            raise _damaged(log, "has tiles that do not have the root which was signed")
        check_signed(log, list_log_keys(connection, log.number), signed)


def check_signed(log: Log, keys: list[LogKey], signed: SignedCheckpoint) -> None:
    """Raises Corrupt where a checkpoint says something else than its note, or one of the keys that
    were in use did not sign it.
    """
    in_use = [key for key in keys if is_valid(key, signed.signed_at)]
    try:
        head = parse_checkpoint(signed.note)
        is_same = (head.origin, head.size, head.root) == (log.origin, signed.size, signed.root)
        is_signed = in_use and all(
            list_signatures(head.note, VerifierKey(key.name, SIGNATURE, key.public_key))
            for key in in_use
        )
    except NotVerified as error:
        raise _damaged(log, f"has a checkpoint of {signed.size} that fails: {error}") from error
    if not is_same or not is_signed:
        what = "is not signed by its keys" if is_same else "says something else than its note"
        raise _damaged(log, f"has a checkpoint of {signed.size} that {what}")


def check_log(connection: Connection, log: Log) -> LogReport:
    """Everything: each leaf is its entry's hash, each tile follows from the leaves, each checkpoint
    has the root of its size and the signatures of its keys; no entry is older than the one before.

    Checkpoints whose roots all follow from one row of leaves agree with each other. Raises Corrupt.
    """
    check_quickly(connection)
    keys = list_log_keys(connection, log.number)
    entries = _read_whole(connection, log)
    edge = Edge(0, lambda level, index: b"")
    tiles: dict[TileKey, bytes] = {}
    checkpoints = 0
    for signed in _read_checkpoints(connection, log.number):
        while edge.size < signed.size:
            part = list(islice(entries, min(_PAGE, signed.size - edge.size)))
            if not part:
                raise _damaged(log, f"ends before its checkpoint of {signed.size}")
            grown = edge.extend(hash_leaf(content) for content in part)
            tiles.update((key, sha256(hashes).digest()) for key, hashes in grown.items())
        if edge.root() != signed.root:
            raise _damaged(log, f"has another root at {signed.size} than its checkpoint")
        check_signed(log, keys, signed)
        checkpoints += 1
    if next(entries, None) is not None:
        raise _damaged(log, "has entries behind its newest checkpoint")
    for tile in read_tiles(connection, log.number):
        if tiles.pop((tile.level, tile.index), b"") != sha256(tile.hashes).digest():
            raise _damaged(log, f"has a tile {tile.level}/{tile.index} that is not its entries'")
    return LogReport(log, edge.size, checkpoints)


def check_publications(connection: Connection, progress: Progress) -> int:
    """Hold the rows and columns of every publication against its header; how many there are.

    Raises Corrupt for the first that is not as it was sealed.
    """
    total, done = load_version(connection), 0
    oldest_first = Selection(is_newest_first=False)
    while page := list_headers(connection, oldest_first, done, _PAGE):
        for item in page:
            wrong = find_altered(load_publication(connection, item.publication_id))
            if wrong is not None:
                raise Corrupt(f"{item.publication_id} is not as sealed: {wrong}.", hint=DAMAGED)
        done = page[-1].sequence
        progress.step("Checking publications", done, total)
    return total


def _refuse_missing(connection: Connection, log: Log) -> None:
    found = count_all(connection)
    if found.publications < found.entries or found.last_publication < found.last_entry:
        raise Corrupt(
            f"The database is truncated: the log {log.origin} speaks of publications up to"
            f" {found.last_entry}, {found.entries} in all; {found.publications} are there.",
            hint=DAMAGED,
        )
    if found.publications > found.entries:
        raise _damaged(log, f"lacks {found.publications - found.entries} publications")


def _check_tiles(connection: Connection, log: Log, size: int) -> None:
    found = read_tiles(connection, log.number)
    below: list[bytes] | None = None
    level, count = 0, size
    while count:
        roots = []
        for index in range(_count_level(count)):
            width = min(TILE_WIDTH, count - index * TILE_WIDTH)
            hashes = _check_tile(log, next(found, None), (level, index), width)
            start = index * TILE_WIDTH
            if below is not None and b"".join(below[start : start + width]) != hashes:
                raise _damaged(log, f"has a tile {level}/{index} that is not of those below it")
            # The lowest level is a million hashes: there the checksums must do.
            if level > 0 and width == TILE_WIDTH:
                parts = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
                roots.append(compute_root(parts))
        below = roots if level > 0 else None
        level, count = level + 1, count // TILE_WIDTH
    if next(found, None) is not None:
        raise _damaged(log, f"has more tiles than {size} entries make")


def _check_tile(log: Log, tile: StoredTile | None, key: TileKey, width: int) -> bytes:
    name = f"{key[0]}/{key[1]}"
    if tile is None or (tile.level, tile.index) != key:
        raise _damaged(log, f"lacks the tile {name}")
    if not tile.is_whole or len(tile.hashes) != width * HASH_BYTES:
        raise _damaged(log, f"has a corrupt tile {name}")
    return tile.hashes


def _count_level(count: int) -> int:
    return -(-count // TILE_WIDTH)


def _read_whole(connection: Connection, log: Log) -> Iterator[bytes]:
    """The bytes of all entries. Raises Corrupt at one that is missing or older than before."""
    last: StoredEntry | None = None
    for entry in read_all_entries(connection, log.number):
        if entry.position != (last.position + 1 if last else 0) or entry.content is None:
            raise _damaged(log, f"lacks what stood at {entry.position}")
        if last is not None and entry.published_at < last.published_at:
            raise _damaged(log, f"goes back in time at {entry.position}")
        last = entry
        yield entry.content


def _read_checkpoints(connection: Connection, number: int) -> Iterator[SignedCheckpoint]:
    after = None
    while True:
        page = list_checkpoints(connection, number, after=after, limit=_PAGE, is_newest_first=False)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].size


def _damaged(log: Log, what: str) -> Corrupt:
    return Corrupt(f"The log {log.origin} {what}.", hint=DAMAGED)
