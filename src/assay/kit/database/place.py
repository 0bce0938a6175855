"""Where a database lies, so that a copy of it is told from the one that was copied.

SQLite: the inode of the file and the moment it was made, which no copy takes along; renaming a
folder above it changes neither. PostgreSQL: the cluster's identifier, the database and the schema.
"""

import ctypes
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

from assay.kit.database import Database

_POSTGRES = text(
    "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()),"
    " current_schema() FROM pg_control_system()"
)
_AT_FDCWD = -100
_STATX_BTIME = 0x800
_STATX_BYTES = 256
_MASK_AT, _SECONDS_AT, _NANOSECONDS_AT = 0, 80, 88


def find_place(database: Database, connection: Connection) -> str:
    """The place of the database that `connection` reads."""
    if database.is_shared:
        identifier, oid, schema = connection.execute(_POSTGRES).one()
        return f"postgresql:{identifier}:{oid}:{schema}"
    path = database.home.database
    # The file is looked at by its name: opening and closing it would drop SQLite's locks (POSIX).
    return f"sqlite:{path.stat().st_ino}:{_find_birth(path)}"


def is_same_place(kept: str, found: str) -> bool:
    """Whether both are one place; where a file system does not tell when a file was made, by the
    inode alone.
    """
    if kept == found:
        return True
    kind, _, birth = kept.rpartition(":")
    found_kind, _, found_birth = found.rpartition(":")
    return kept.startswith("sqlite:") and kind == found_kind and "0" in (birth, found_birth)


def _find_birth(path: Path) -> int:
    """Nanoseconds since 1970 at which the file was made; 0 where nobody knows."""
    birth = getattr(path.stat(), "st_birthtime", None)
    if birth is not None:
        return int(birth * 1_000_000_000)
    statx = _find_statx()
    if statx is None:
        return 0
    answer = ctypes.create_string_buffer(_STATX_BYTES)
    if statx(_AT_FDCWD, os.fsencode(path), 0, _STATX_BTIME, answer) != 0:
        return 0
    if not _read(answer.raw, _MASK_AT, 4) & _STATX_BTIME:
        return 0
    return _read(answer.raw, _SECONDS_AT, 8) * 1_000_000_000 + _read(answer.raw, _NANOSECONDS_AT, 4)


def _read(answer: bytes, at: int, width: int) -> int:
    return int.from_bytes(answer[at : at + width], "little")


@cache
def _find_statx() -> Callable[..., int] | None:
    """Linux's call; Python has none of its own before 3.15."""
    found: Callable[..., int] | None = getattr(ctypes.CDLL(None), "statx", None)
    return found
