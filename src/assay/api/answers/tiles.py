"""The log as C2SP tiles: checkpoint, tiles of hashes and bundles of entries, for existing tools.

Sources: c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint.
"""

import re
from dataclasses import dataclass

from sqlalchemy import Connection

from assay import ledger
from assay.api.sealed import FOR_EVER, Content
from assay.api.state import ApiState
from assay.kit.errors import NotFound
from assay.ledger.types import Log

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
FOR_MOMENTS = b"public, max-age=2"
ASKED_AGAIN = b"public, no-cache"
"""Of tiles under `/log/tile`, which is another log's once a new one is started: a tile of the wrong
log would look like a forged one.
"""

WIDTH = 256
HASH_BYTES = 32
LENGTH_BYTES = 2
_LEVEL = re.compile(r"0|[1-9]\d?", re.ASCII)
_HIGHEST_LEVEL = 63
_TILE = re.compile(r"((?:x\d{3}/){0,5})(\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class TileName:
    """Which tile of a level: its index, and of a partial one how many hashes (1 to 255)."""

    index: int
    width: int = WIDTH


def parse_tile(text: str) -> TileName:
    """`067`, `x001/x234/067` or either with `.p/112` behind it. Raises NotFound for any other way
    to write a number.
    """
    found = _TILE.fullmatch(text)
    if found is not None:
        above, last, width = found.groups()
        name = TileName(int(re.sub("[x/]", "", above) + last), int(width or WIDTH))
        is_shortest = not above.startswith("x000")
        if is_shortest and (width is None or name.width < WIDTH):
            return name
    raise NotFound(
        "That is not how the path of a tile is written.",
        hint="Tile 1234067 is x001/x234/067, its first 5 hashes x001/x234/067.p/5.",
    )


def parse_level(text: str) -> int:
    """The level of a tile, 0 to 63. Raises NotFound for anything else."""
    if not _LEVEL.fullmatch(text) or int(text) > _HIGHEST_LEVEL:
        raise NotFound("There is no such level.", hint="Leaves are at level 0, the next is 1.")
    return int(text)


def find_log(connection: Connection, number: int | None = None) -> Log:
    """One log of this installation, the newest where no number is given. Raises NotFound."""
    log = ledger.load_log(connection, number)
    if log is not None:
        return log
    if number is not None and ledger.load_log(connection) is not None:
        raise NotFound(f"There is no log {number}.", hint="GET /v1/log names all there are.")
    raise NotFound("Nothing has been published yet.", hint="Run `assay backfill`.")


def name_log(log: Log) -> str:
    """The last part of a log's origin, by which its tiles are addressed."""
    return log.origin.rpartition("/")[2]


def choose_log(connection: Connection, name: str | None) -> Log:
    """The log of a path, the newest where it names none. Raises NotFound."""
    if name is None:
        return find_log(connection)
    for log in ledger.list_logs(connection):
        if name_log(log) == name:
            return log
    raise NotFound("There is no such log.", hint="GET /v1/log names all there are.")


def answer_checkpoint(state: ApiState, name: str | None = None) -> Content:
    """The newest signed checkpoint with every cosignature there is."""
    with state.database.read() as connection:
        log = choose_log(connection, name)
        signed = ledger.load_checkpoint(connection, log.number)
    if signed is None:
        raise NotFound("The log has no checkpoint yet.", hint="Publish something first.")
    return Content(signed.note, TEXT, caching=FOR_MOMENTS)


def answer_hashes(state: ApiState, level: str, path: str, name: str | None = None) -> Content:
    """The hashes of a tile. Raises NotFound for one that lies beyond the newest checkpoint."""
    height, tile = parse_level(level), parse_tile(path)
    with state.database.read() as connection:
        log = choose_log(connection, name)
        hashes = ledger.read_tile(connection, log.number, height, tile.index)
    size = tile.width * HASH_BYTES
    if len(hashes) < size:
        raise explain_absence(tile, len(hashes) // HASH_BYTES)
    return Content(hashes[:size], BYTES, caching=choose_caching(name), is_random=True)


def answer_entries(state: ApiState, path: str, name: str | None = None) -> Content:
    """The entries of a level 0 tile, each behind its length in two bytes, big end first."""
    tile = parse_tile(path)
    start = tile.index * WIDTH
    with state.database.read() as connection:
        log = choose_log(connection, name)
        entries = ledger.read_entries(connection, log.number, start, start + tile.width)
    if len(entries) < tile.width:
        raise explain_absence(tile, len(entries))
    body = b"".join(len(entry).to_bytes(LENGTH_BYTES, "big") + entry for entry in entries)
    return Content(body, BYTES, caching=choose_caching(name))


def choose_caching(name: str | None) -> bytes:
    """How long a tile may be kept: for ever where its path names the log."""
    return ASKED_AGAIN if name is None else FOR_EVER


def explain_absence(tile: TileName, width: int) -> NotFound:
    """Why a tile cannot be had."""
    if width == 0:
        return NotFound("The log has no such tile.", hint="Its checkpoint says how long it is.")
    return NotFound(
        f"Only {width} of the {tile.width} are there yet.", hint=f"Ask for .p/{width} of it."
    )
