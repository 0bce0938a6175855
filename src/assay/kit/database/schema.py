"""Which version the schema has, and bringing an older one to the version that this code speaks.

One query at every start; Alembic is imported only where something is to be done. Of several
processes that start at once one migrates, in one transaction, and the others wait for it. A
SQLite file is copied before it is changed.
"""

import contextlib
import importlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from assay.kit.atomic import sync_directory
from assay.kit.database.sqlite import make_private
from assay.kit.errors import BadInput, Corrupt, StorageFull
from assay.kit.home import Home
from assay.migrations import HEAD

if TYPE_CHECKING:
    from assay.kit.database import Database

WAIT_S = 600.0
"""How long a process waits for another one that migrates."""


def load_schema_version(database: "Database") -> str | None:
    """The version of the schema; None for an empty database and for homes of before versions."""
    try:
        with database.read() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except (OperationalError, ProgrammingError):
        return None
    return None if found is None else str(found)


def ensure_schema(database: "Database", home: Home) -> None:
    """Bring the schema to the version of this code. Raises BadInput if it is newer than that."""
    if load_schema_version(database) != HEAD:
        change_schema(database, home, HEAD)


def change_schema(database: "Database", home: Home, target: str) -> Path | None:
    """Bring the schema to `target`; the copy of the SQLite file as it was, if there is one.

    Raises BadInput for a schema newer than this code, Busy if another process keeps writing.
    """
    refuse_newer(load_schema_version(database))
    with home.lock("migration"):
        present = load_schema_version(database)
        if present == target:
            return None
        copy = None if database.is_shared else keep_copy(home.database, present, target)
        migrating = importlib.import_module("assay.kit.database.migrating")
        with database.write(wait_s=WAIT_S) as connection:
            migrating.migrate(connection, target)
    return copy


def refuse_newer(version: str | None) -> None:
    """Raises BadInput for a schema that this code does not know."""
    if version is not None and version > HEAD:
        raise BadInput(
            f"The database was written by a newer Assay: its schema is {version}, this one knows"
            f" up to {HEAD}.",
            hint="Install that version again, or restore a backup from before the upgrade.",
        )


def keep_copy(path: Path, present: str | None, target: str) -> Path | None:
    """Copy the SQLite file beside itself, whole or not at all; None where nothing is in it yet.

    Raises StorageFull without room for it, Corrupt if the copy does not check out.
    """
    kept = path.with_name(f"{path.name}.{present or 'old'}-to-{target}")
    partial = kept.with_name(f"{kept.name}.partial")
    with contextlib.closing(sqlite3.connect(path, timeout=WAIT_S)) as source:
        if not source.execute("SELECT 1 FROM sqlite_master").fetchone():
            return None
        try:
            make_private(partial)
            with contextlib.closing(sqlite3.connect(partial)) as copy:
                source.backup(copy)
                verdict = copy.execute("PRAGMA quick_check").fetchone()[0]
            if verdict != "ok":
                raise Corrupt(f"The database {path} is damaged: {verdict}.")
            partial.replace(kept)
            sync_directory(kept.parent)
        except sqlite3.OperationalError as error:
            raise StorageFull(
                "There is no room for a copy of the database, which is kept before an upgrade.",
                hint=f"Free {path.stat().st_size // 2**20 + 1} MiB on its disk and try again.",
            ) from error
        finally:
            partial.unlink(missing_ok=True)
    return kept
