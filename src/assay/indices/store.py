"""The only code that touches the `indices_own` table: users' own indices, private to this home.

One row an index: its rule book as it was written, the levels since its start, and the row of its
newest day, from which it goes on. A row is written whole in one transaction or not at all.
"""

from collections.abc import Sequence

import orjson
import zstandard
from sqlalchemy import Column, Connection, LargeBinary, RowMapping, String, Table, delete, select

from assay.indices.types import Json, OwnIndex
from assay.kit.database import metadata
from assay.kit.moments import format_utc, parse_utc

indices_own = Table(
    "indices_own",
    metadata,
    Column("slug", String, primary_key=True),
    Column("created_at", String, nullable=False),
    Column("rules", String, nullable=False),
    Column("levels_zstd", LargeBinary, nullable=False),
    Column("newest_zstd", LargeBinary, nullable=False),
)


def save_own(connection: Connection, own: OwnIndex) -> None:
    """Insert the index, or replace the one of this name."""
    connection.execute(delete(indices_own).where(indices_own.c.slug == own.slug))
    connection.execute(
        indices_own.insert(),
        {
            "slug": own.slug,
            "created_at": format_utc(own.created_at),
            "rules": own.rules,
            "levels_zstd": _pack(list(own.levels)),
            "newest_zstd": _pack(own.newest),
        },
    )


def load_own(connection: Connection, slug: str) -> OwnIndex | None:
    """The index of this name; None if there is none."""
    found = select(indices_own).where(indices_own.c.slug == slug)
    row = connection.execute(found).mappings().one_or_none()
    return None if row is None else _read(row)


def list_own(connection: Connection) -> Sequence[OwnIndex]:
    """All own indices by name."""
    rows = connection.execute(select(indices_own).order_by(indices_own.c.slug)).mappings()
    return [_read(row) for row in rows]


def delete_own(connection: Connection, slug: str) -> bool:
    """Remove an index; whether there was one."""
    done = connection.execute(delete(indices_own).where(indices_own.c.slug == slug))
    return done.rowcount > 0


def _read(row: RowMapping) -> OwnIndex:
    return OwnIndex(
        slug=row["slug"],
        created_at=parse_utc(row["created_at"]),
        rules=row["rules"],
        levels=tuple(orjson.loads(zstandard.decompress(row["levels_zstd"]))),
        newest=orjson.loads(zstandard.decompress(row["newest_zstd"])),
    )


def _pack(value: list[str] | Json) -> bytes:
    return zstandard.compress(orjson.dumps(value), 3)
