"""The database of state and publications: SQLAlchemy Core on SQLite or, with a URL, PostgreSQL.

Readers see one consistent state for the length of a block and never wait for a writer. Writers
take turns, one transaction at a time over all processes, on both databases: so what is committed
later has the larger sequence number, and nobody who polls the newest one misses a smaller one.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from sqlalchemy import Connection, MetaData

from assay.kit.database.adapter import Adapter
from assay.kit.database.paging import page_newest
from assay.kit.database.postgres import PostgresAdapter
from assay.kit.database.schema import ensure_schema
from assay.kit.database.sqlite import SqliteAdapter
from assay.kit.home import Home

__all__ = ["BEFORE_COMMIT", "Database", "metadata", "page_newest"]

WRITE_WAIT_S = 30.0

BEFORE_COMMIT: ContextVar[Callable[[Connection], None]] = ContextVar(
    "assay.before_commit", default=lambda _: None
)
"""What is written together with every write of the present step (an answered request), or not at
all; it may raise, and then nothing is written.
"""

metadata = MetaData()
"""Every room declares its tables here; `assay.migrations` makes them."""


class Database:
    """The database of a home. Threads may share it; each block of work has its own connection."""

    def __init__(self, home: Home, *, is_upgraded: bool = True) -> None:
        """Open it, upgraded to the schema of this code unless `is_upgraded` is False."""
        home.create()
        self.home = home
        self._adapter = _choose(home)
        self.engine = self._adapter.engine
        if not is_upgraded:
            return
        try:
            ensure_schema(self, home)
        except BaseException:
            self.close()
            raise

    @property
    def is_shared(self) -> bool:
        """True where several hosts may use it: PostgreSQL."""
        return isinstance(self._adapter, PostgresAdapter)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view: what was committed when the first statement ran. Nothing may be
        written through it.
        """
        with (
            self._adapter.errors(),
            self._adapter.connect() as connection,
            self._adapter.reading(connection),
        ):
            yield connection

    @contextlib.contextmanager
    def write(self, *, wait_s: float = WRITE_WAIT_S) -> Iterator[Connection]:
        """One transaction: commits at the end of the block, leaves nothing behind on an error.

        Raises Busy if another process is still writing after `wait_s` seconds.
        """
        with (
            self._adapter.errors(),
            self._adapter.connect() as connection,
            self._adapter.writing(connection, wait_s),
        ):
            yield connection
            BEFORE_COMMIT.get()(connection)

    def clear_traces(self) -> bool:
        """Drop what was deleted from the database's files too; whether it is gone from them. Not
        now where somebody is reading, never on PostgreSQL, whose server keeps its files itself.
        """
        with self._adapter.errors():
            return self._adapter.clear_traces()

    def close(self) -> None:
        """Let go of the connections; blocks that are under way keep theirs."""
        self._adapter.close()


def _choose(home: Home) -> Adapter:
    url = home.reveal_database_url()
    return SqliteAdapter(home.database) if url is None else PostgresAdapter(url)
