"""PostgreSQL through psycopg: the same promises as SQLite, for several processes and hosts.

Reading blocks are REPEATABLE READ and read-only: one state throughout. Writing blocks first take
one advisory lock of the schema, held until they end, which is what BEGIN IMMEDIATE gives on
SQLite. Without it two writers would take sequence numbers 1 and 2 and commit 2 first: a process
that polls the newest number would see 2 and never look at 1. Waiting comes before the first
statement, so a writer (READ COMMITTED) sees all that the writer before it committed.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from assay.kit.errors import AssayError, BadInput, Busy, StorageFull, Unreachable

WAIT_S = 30
"""How long a reader waits for its answer, and anybody for a connection."""

POOL_SIZE = 5
POOL_OVERFLOW = 5
RECYCLE_S = 1800
_WRITER_LOCK = 0x41535341

_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_TAKE_TURN = (
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = {wait_ms};"
    f" SELECT pg_advisory_xact_lock({_WRITER_LOCK}, hashtext(current_schema()))"
)


class PostgresAdapter:
    """The database at `url`; its tables are in the first schema of the search path."""

    def __init__(self, url: str) -> None:
        self.engine = _create_engine(parse_url(url))
        self._process = os.getpid()

    def connect(self) -> AbstractContextManager[Connection]:
        """A pooled connection, tried before use."""
        if os.getpid() != self._process:
            # A forked child must not speak on its parent's sockets, nor close them.
            self.engine.dispose(close=False)
            self._process = os.getpid()
        return self.engine.connect()

    def reading(self, connection: Connection) -> AbstractContextManager[object]:
        """A read-only transaction that sees one state throughout."""
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return connection.begin()

    @contextlib.contextmanager
    def writing(self, connection: Connection, wait_s: float) -> Iterator[object]:
        """A transaction that waits for the writer's lock at its beginning."""
        with connection.begin():
            connection.exec_driver_sql(_TAKE_TURN.format(wait_ms=int(wait_s * 1000)))
            yield connection

    def clear_traces(self) -> bool:
        """Nothing can be done from here: the server writes over deleted rows when it needs the
        room, and its own log and archives keep them as long as its operator says.
        """
        return False

    def close(self) -> None:
        """Close the connections that are idle; the others when they are given back."""
        self.engine.dispose()

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Told apart by SQLSTATE; a failed connection has none and is told apart by its words."""
        try:
            yield
        except PoolTimeout as error:
            raise _busy("All connections to the database are in use.") from error
        except DBAPIError as error:
            ours = explain(getattr(error.orig, "sqlstate", None), str(error.orig))
            if ours is None:
                raise
            raise ours from error


def parse_url(url: str) -> URL:
    """`url` with the driver that is installed. Raises BadInput, which never repeats it."""
    hint = "It reads postgresql://user:password@host:5432/name; special characters as %XX."
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise BadInput("ASSAY_DATABASE_URL cannot be read.", hint=hint) from None
    if parsed.drivername not in _SCHEMES:
        raise BadInput(f"ASSAY_DATABASE_URL is not one of {', '.join(_SCHEMES[:2])}.", hint=hint)
    return parsed.set(drivername="postgresql+psycopg")


def explain(state: str | None, reason: str) -> AssayError | None:
    """PostgreSQL's refusal as an error of the family; None if a statement was wrong."""
    if state is None:
        return _explain_connection(reason)
    if state in _BY_STATE:
        error, message, hint = _BY_STATE[state]
        return error(message, hint=hint)
    if state.startswith(("08", "57P")):
        return _unreachable()
    return None


def _explain_connection(reason: str) -> AssayError | None:
    for words, state in _BY_WORDS.items():
        if words in reason:
            return explain(state, "")
    lost = ("connection", "server closed", "SSL", "consuming input", "the database system is")
    return _unreachable() if any(words in reason for words in lost) else None


def _unreachable() -> Unreachable:
    return Unreachable(
        "The PostgreSQL of ASSAY_DATABASE_URL does not answer.",
        hint="Start it, or check host and port; what was committed is unharmed.",
    )


def _busy(message: str) -> Busy:
    return Busy(message, hint="Try again in a moment; docs/operations.md says how to size it.")


_WAITED = "The database is locked by another process."
_RIGHTS = "Check user, password and rights in ASSAY_DATABASE_URL."
_FULL = (
    "The database could not be written: its disk is full.",
    "Free some space on the database's disk and try again; what was stored is unharmed.",
)
_SIGN_IN = "PostgreSQL refuses the user or password of ASSAY_DATABASE_URL."
_BY_STATE: Mapping[str, tuple[type[AssayError], str, str]] = {
    "53100": (StorageFull, *_FULL),
    "58030": (StorageFull, *_FULL),
    "53300": (Busy, "PostgreSQL has no connection free.", "Raise its max_connections."),
    "55P03": (Busy, _WAITED, "Wait for it, then try again."),
    "40P01": (Busy, "Two transactions waited for each other.", "Try again."),
    "40001": (Busy, "Another process changed the same rows.", "Try again."),
    "57014": (Busy, "The database took too long to answer.", "Try again when it is less busy."),
    "28P01": (BadInput, _SIGN_IN, _RIGHTS),
    "28000": (BadInput, _SIGN_IN, _RIGHTS),
    "3D000": (BadInput, "ASSAY_DATABASE_URL names a database that does not exist.", "Create it."),
    "22001": (BadInput, "A text is too long.", "Shorten it."),
    "22003": (BadInput, "A number is too large.", "Give a smaller one."),
    "22021": (BadInput, "A text holds a character that cannot be stored.", "Leave out NUL."),
    "3F000": (BadInput, "ASSAY_DATABASE_URL names a schema that does not exist.", "Create it."),
    "42501": (BadInput, "The database's user may not do this.", _RIGHTS),
}
_BY_WORDS = {
    "NUL (0x00)": "22021",
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "no pg_hba.conf entry": "28000",
    'role "': "28000",
    'database "': "3D000",
    "too many clients": "53300",
    "remaining connection slots": "53300",
}


def _create_engine(url: URL) -> Engine:
    options = url.query.get("options", "")
    asked = options if isinstance(options, str) else " ".join(options)
    # Values stay out of error messages and so out of logs.
    return create_engine(
        url.difference_update_query(["options"]),
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=WAIT_S,
        pool_recycle=RECYCLE_S,
        pool_pre_ping=True,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={
            "application_name": "assay",
            "connect_timeout": 10,
            "keepalives_idle": 30,
            "options": f"-c statement_timeout={WAIT_S}s {asked}".strip(),
        },
    )
