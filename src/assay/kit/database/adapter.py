"""What a kind of database must offer to `Database`; one conformance suite holds both to it."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection, Engine


class Adapter(Protocol):
    """One kind of database: how it connects, reads consistently, writes in turn, and fails."""

    engine: Engine

    def connect(self) -> AbstractContextManager[Connection]:
        """A connection for one block of work."""
        ...

    def reading(self, connection: Connection) -> AbstractContextManager[object]:
        """One read-only transaction that sees one state throughout."""
        ...

    def writing(self, connection: Connection, wait_s: float) -> AbstractContextManager[object]:
        """One transaction, alone among all writers of all processes; waits for that `wait_s`."""
        ...

    def clear_traces(self) -> bool:
        """Drop what was deleted from the files too, as far as this kind of database can be told to;
        whether that is so now.
        """
        ...

    def close(self) -> None:
        """Let go of what is open; blocks that are under way keep their connection."""
        ...

    def errors(self) -> AbstractContextManager[None]:
        """Turn what the driver raises inside the block into our family of errors."""
        ...
