"""A home as the code of commit 9e2e883 made it, the last one before accounts and versions.

It was made by running that commit over the world of `tests/publishing/conftest.py`: 3 tokens, 12
days, one row in quarantine, one redenomination, one own index, two grade points, 24 publications.
"""

import tarfile
from pathlib import Path

import zstandard
from sqlalchemy import MetaData, select

from assay.kit.database import Database
from assay.kit.home import Home

OLD_HOME = Path(__file__).parent / "home-9e2e883.tar.zst"
Rows = dict[str, list[tuple[object, ...]]]


def unpack_old_home(folder: Path) -> Home:
    with (
        OLD_HOME.open("rb") as packed,
        zstandard.ZstdDecompressor().stream_reader(packed) as payload,
        tarfile.open(fileobj=payload, mode="r|") as archive,
    ):
        archive.extractall(folder, filter="data")
    return Home(folder)


def read_rows(database: Database) -> Rows:
    """Every row of every table but the version, in an order that both databases share."""
    with database.read() as connection:
        found = MetaData()
        found.reflect(connection)
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in found.tables.items()
            if name != "alembic_version"
        }
