"""SQLite: one file in the home, readable while one process writes (WAL).

Every writing transaction starts with BEGIN IMMEDIATE: a deferred one that upgrades its lock fails
under a second writer (measured 91 of 300 times), an immediate one waits its turn (0 of 600).
"""

import contextlib
import os
import sqlite3
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from assay.kit.errors import FRESH_START, AssayError, BadInput, Busy, Corrupt, StorageFull

_READ_WAIT_S = 30.0
_CLEAR_WAIT_S = 1.0
_LONGEST_LOG = 64 * 2**20


def make_private(path: Path) -> None:
    """Make an empty file that only its owner may read, where there is none; SQLite gives the files
    beside it the same rights. Where it cannot be made, SQLite says why.

    A file that is there is never opened: closing it would drop the locks that SQLite holds on it
    for this whole process (POSIX), and others would take its log away.
    """
    if path.exists():
        return
    with contextlib.suppress(OSError):
        handle, empty = tempfile.mkstemp(prefix=".assay-", suffix=".tmp", dir=path.parent)
        os.close(handle)
        with contextlib.suppress(FileExistsError):
            os.link(empty, path)
        os.unlink(empty)


class SqliteAdapter:
    """The file at `path`, made if it is missing."""

    def __init__(self, path: Path) -> None:
        self.engine = _create_engine(path)
        self._path = path
        self._is_made = False
        self._anchoring = threading.Lock()
        self._let_go: Callable[[], object] | None = None

    def connect(self) -> AbstractContextManager[Connection]:
        """A new connection: opening the file takes a fifth of a millisecond."""
        if not self._is_made:
            make_private(self._path)
            self._is_made = True
        return self.engine.connect()

    def reading(self, connection: Connection) -> AbstractContextManager[object]:
        """A deferred transaction: WAL shows it one state from its first statement on."""
        return connection.begin()

    def writing(self, connection: Connection, wait_s: float) -> AbstractContextManager[object]:
        """A transaction that waits for the writer's lock at its beginning."""
        self._anchor()
        connection.execution_options(assay_write_wait_ms=int(wait_s * 1000))
        return connection.begin()

    def clear_traces(self) -> bool:
        """Fold the log into the file and empty it: deleted rows are zeros in the file
        (`secure_delete`), but the log still holds them. False while a reader needs the log.
        """
        connection = sqlite3.connect(self._path, timeout=_CLEAR_WAIT_S)
        try:
            connection.execute("PRAGMA secure_delete=ON")
            is_busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            connection.close()
        return not is_busy

    def close(self) -> None:
        """Let go of the file."""
        with self._anchoring:
            if self._let_go is not None:
                self._let_go()
                self._let_go = None
        self.engine.dispose()

    def _anchor(self) -> None:
        """Keep an idle connection from the first write on.

        Whoever closes the last connection folds the log into the file and deletes it: without this
        one every write would (measured 28 to 34 ms instead of 6 to 14 on a busy disk).
        """
        with self._anchoring:
            if self._let_go is None:
                idle = sqlite3.connect(self._path, check_same_thread=False)
                self._let_go = weakref.finalize(self, _close_own, idle, os.getpid())
                idle.execute("SELECT 1 FROM sqlite_master").fetchall()

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """A full disk, a long wait, damage and missing rights are told apart by their words."""
        try:
            yield
        except (DatabaseError, sqlite3.Error) as error:
            ours = explain(str(getattr(error, "orig", error)))
            if ours is None:
                raise
            raise ours from error


def explain(reason: str) -> AssayError | None:
    """SQLite's words as an error of the family; None if they say that a statement was wrong."""
    if "disk is full" in reason or "disk I/O error" in reason:
        return StorageFull(
            "The database could not be written: the disk is full.",
            hint="Free some space and run the command again; what was stored is unharmed.",
        )
    if "locked" in reason:
        return Busy(
            "The database is locked by another process.", hint="Wait for it, then try again."
        )
    if "malformed" in reason or "not a database" in reason:
        return Corrupt("The database file assay.db is damaged.", hint=FRESH_START)
    if "readonly" in reason or "unable to open" in reason:
        return BadInput(
            f"The database cannot be written: {reason}.",
            hint="Point ASSAY_HOME to a folder that you may write to.",
        )
    return None


def _close_own(connection: sqlite3.Connection, process: int) -> None:
    # A forked child must leave its parent's connection alone.
    if os.getpid() == process:
        connection.close()


def _create_engine(path: Path) -> Engine:
    # No pool: no connection is left behind. Values stay out of error messages and so out of logs.
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=NullPool,
        connect_args={"timeout": _READ_WAIT_S},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"journal_size_limit={_LONGEST_LOG}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        wait_ms = connection.get_execution_options().get("assay_write_wait_ms")
        if wait_ms is None:
            # A write that belongs into `write()` fails here as it does on PostgreSQL.
            connection.exec_driver_sql("PRAGMA query_only=ON")
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={wait_ms}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
