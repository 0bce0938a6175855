"""Leases: of several processes one does a thing at a time, and another goes on when it dies.

A lease is a row that its holder renews. Who writes something that only the holder may write calls
`check` within the same transaction: a holder that was suspended past its time changes nothing.
"""

import secrets
from datetime import timedelta

from sqlalchemy import BigInteger, Column, Connection, String, Table, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from assay.kit.clock import Clock
from assay.kit.database import Database, metadata
from assay.kit.errors import Conflict
from assay.kit.moments import to_microseconds

MOST_APART = timedelta(minutes=1)
"""Clocks of hosts that share a database may differ by so much."""

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("until_us", BigInteger, nullable=False),
)


class LeaseLost(Conflict):
    """Another process does this by now: stop doing it."""


class Lease:
    """The right to do what `name` stands for, for `for_s` seconds after it was last held."""

    def __init__(self, database: Database, clock: Clock, name: str, for_s: float = 15.0) -> None:
        self.name = name
        self.holder = secrets.token_hex(16)
        self._database = database
        self._clock = clock
        self._for = timedelta(seconds=for_s)

    def hold(self) -> bool:
        """Take or renew it; False while another holds it. Call it more often than `for_s`."""
        now = self._clock.now()
        with self._database.write() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            wanted = dialect.insert(leases).values(
                name=self.name, holder=self.holder, until_us=to_microseconds(now + self._for)
            )
            is_free = or_(
                leases.c.holder == self.holder,
                leases.c.until_us <= to_microseconds(now),
                # Nobody takes it for so long: it was taken before the clock was set back.
                leases.c.until_us > to_microseconds(now + self._for + MOST_APART),
            )
            taken = connection.execute(
                wanted.on_conflict_do_update(
                    index_elements=[leases.c.name],
                    set_={"holder": wanted.excluded.holder, "until_us": wanted.excluded.until_us},
                    where=is_free,
                ).returning(leases.c.holder)
            )
            return taken.one_or_none() is not None

    def check(self, connection: Connection) -> None:
        """Raise LeaseLost unless this process holds it, until the transaction ends."""
        found = connection.execute(
            select(leases.c.holder).where(leases.c.name == self.name).with_for_update()
        ).scalar_one_or_none()
        if found != self.holder:
            raise LeaseLost(
                f"Another process holds the lease {self.name!r}.",
                hint="This one waits until it is free.",
            )

    def let_go(self) -> None:
        """Leave it to the next one at once."""
        with self._database.write() as connection:
            connection.execute(
                leases.delete().where(leases.c.name == self.name, leases.c.holder == self.holder)
            )
