"""Limits and usage in the database: buckets of rates, quotas of months, leases, requests by day."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
    update,
)

from assay.accounts.compute.rates import return_tokens, take_tokens
from assay.accounts.limits import LEASE_S, Grant, MeterKey, Settlement, Usage
from assay.accounts.store.keys import save_last_used
from assay.accounts.store.people import accounts
from assay.accounts.tokens import create_id
from assay.kit.clock import Clock
from assay.kit.database import Database, metadata
from assay.kit.moments import to_microseconds

WAIT_S = 2.0
"""How long a lease waits for its turn to write."""
SHORT_RETRY_S = 2.0
"""When to ask again if what is left of a quota is leased to other processes."""

buckets = Table(
    "accounts_buckets",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("account_id", String(20), nullable=False, index=True),
    Column("full_at_us", BigInteger, nullable=False),
)
quotas = Table(
    "accounts_quotas",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("account_id", String(20), nullable=False, index=True),
    Column("used", BigInteger, nullable=False),
)
leases = Table(
    "accounts_leases",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("process", String(16), primary_key=True),
    Column("held", BigInteger, nullable=False),
    Column("expires_at_us", BigInteger, nullable=False),
)
usages = Table(
    "accounts_usage",
    metadata,
    Column("account_id", String(20), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("key_id", String(16), primary_key=True),
    Column("route_group", String(40), primary_key=True),
    Column("requests", BigInteger, nullable=False),
)
"""`key_id` is empty for requests of sessions."""


class DatabaseLimits:
    """The limit store on SQLite or PostgreSQL. Writers take turns, so nothing is granted twice."""

    def __init__(self, database: Database, clock: Clock, wait_s: float = WAIT_S) -> None:
        self.database = database
        self.clock = clock
        self.wait_s = wait_s
        self.process = create_id()

    def lease(self, keys: Sequence[MeterKey]) -> list[Grant]:
        """A block of each key's tokens. Raises Busy if the database stays locked."""
        now = self.clock.now()
        with self.database.write(wait_s=self.wait_s) as connection:
            return [
                self._lease_quota(connection, key, now)
                if key.is_quota
                else _lease_rate(connection, key, now)
                for key in keys
            ]

    def settle(self, settlements: Sequence[Settlement], usage: Sequence[Usage]) -> None:
        """Book everything in one transaction; what belongs to a deleted account is left out."""
        now = self.clock.now()
        ids = {item.key.account_id for item in settlements} | {item.account_id for item in usage}
        with self.database.write(wait_s=self.wait_s) as connection:
            known = set(
                connection.execute(
                    select(accounts.c.account_id).where(accounts.c.account_id.in_(sorted(ids)))
                ).scalars()
            )
            for item in settlements:
                if item.key.account_id not in known:
                    continue
                if item.key.is_quota:
                    self._settle_quota(connection, item, now)
                elif item.returned:
                    _return_rate(connection, item, now)
            save_usage(connection, [item for item in usage if item.account_id in known], now)

    def close(self) -> None:
        """The database belongs to somebody else."""

    def _lease_quota(self, connection: Connection, key: MeterKey, now: datetime) -> Grant:
        used, now_us = _get_used(connection, key), to_microseconds(now)
        others = select(func.coalesce(func.sum(leases.c.held), 0)).where(
            leases.c.name == key.name,
            leases.c.expires_at_us > now_us,
            leases.c.process != self.process,
        )
        held = self._get_held(connection, key)
        left = key.limit - used - held - int(connection.execute(others).scalar() or 0)
        granted = max(0, min(key.block, left))
        if granted:
            self._save_lease(connection, key, held + granted, now)
        month_s = (end_of_month(now) - now).total_seconds()
        retry_s = 0.0 if granted else SHORT_RETRY_S if used + held < key.limit else month_s
        return Grant(granted, max(0, left - granted), month_s, retry_s)

    def _settle_quota(self, connection: Connection, item: Settlement, now: datetime) -> None:
        if item.spent:
            used = _get_used(connection, item.key) + item.spent
            change = update(quotas).where(quotas.c.name == item.key.name)
            connection.execute(change.values(used=used))
        held = self._get_held(connection, item.key) - item.spent - item.returned
        self._save_lease(connection, item.key, max(0, held), now)

    def _get_held(self, connection: Connection, key: MeterKey) -> int:
        mine = (leases.c.name == key.name) & (leases.c.process == self.process)
        return int(connection.execute(select(leases.c.held).where(mine)).scalar() or 0)

    def _save_lease(self, connection: Connection, key: MeterKey, held: int, now: datetime) -> None:
        mine = (leases.c.name == key.name) & (leases.c.process == self.process)
        if not held:
            connection.execute(delete(leases).where(mine))
            return
        expires = to_microseconds(now + timedelta(seconds=LEASE_S))
        values = {"held": held, "expires_at_us": expires}
        if not connection.execute(update(leases).where(mine).values(**values)).rowcount:
            row = {"name": key.name, "process": self.process, **values}
            connection.execute(leases.insert().values(**row))


def _lease_rate(connection: Connection, key: MeterKey, now: datetime) -> Grant:
    now_us = to_microseconds(now)
    query = select(buckets.c.full_at_us).where(buckets.c.name == key.name)
    stored = connection.execute(query).scalar()
    taken = take_tokens(stored or 0, now_us, key.limit, key.block)
    if stored is None:
        row = {"name": key.name, "account_id": key.account_id, "full_at_us": taken.full_at_us}
        connection.execute(buckets.insert().values(**row))
    elif taken.granted:
        change = update(buckets).where(buckets.c.name == key.name)
        connection.execute(change.values(full_at_us=taken.full_at_us))
    return describe_rate(taken.granted, taken.left, taken.full_in_us, taken.next_in_us)


def describe_rate(granted: int, left: int, full_in_us: int, next_in_us: int) -> Grant:
    """The grant of a bucket, in seconds."""
    retry_s = 0.0 if granted else next_in_us / 1e6
    return Grant(granted, left, full_in_us / 1e6, retry_s)


def _return_rate(connection: Connection, item: Settlement, now: datetime) -> None:
    key = item.key
    stored = connection.execute(select(buckets.c.full_at_us).where(buckets.c.name == key.name))
    full = stored.scalar()
    full_at_us = return_tokens(full or 0, to_microseconds(now), key.limit, item.returned)
    if full is None:
        row = {"name": key.name, "account_id": key.account_id, "full_at_us": full_at_us}
        connection.execute(buckets.insert().values(**row))
    else:
        change = update(buckets).where(buckets.c.name == key.name)
        connection.execute(change.values(full_at_us=full_at_us))


def _get_used(connection: Connection, key: MeterKey) -> int:
    used = connection.execute(select(quotas.c.used).where(quotas.c.name == key.name)).scalar()
    if used is None:
        row = {"name": key.name, "account_id": key.account_id, "used": 0}
        connection.execute(quotas.insert().values(**row))
    return int(used or 0)


def save_usage(connection: Connection, usage: Sequence[Usage], now: datetime) -> None:
    """Add requests to the day of `now` (UTC), and say when their keys were last used."""
    day = now.astimezone(UTC).date().isoformat()
    table = usages.c
    change = (
        update(usages)
        .where(
            table.account_id == bindparam("of_account"),
            table.day == day,
            table.key_id == bindparam("of_key"),
            table.route_group == bindparam("of_group"),
        )
        .values(requests=table.requests + bindparam("more"))
    )
    for item in usage:
        place = {"of_account": item.account_id, "of_key": item.key_id, "of_group": item.group}
        if not connection.execute(change, place | {"more": item.requests}).rowcount:
            row = (item.account_id, day, item.key_id, item.group, item.requests)
            connection.execute(usages.insert().values(row))
    save_last_used(connection, {item.key_id for item in usage if item.key_id}, now)


def list_usage(
    connection: Connection, account_id: str, first_day: str = ""
) -> list[tuple[str, str, str, int]]:
    """(day, key, group, requests) of an account since `first_day`, newest day first."""
    table = usages.c
    query = (
        select(table.day, table.key_id, table.route_group, table.requests)
        .where(table.account_id == account_id, table.day >= first_day)
        .order_by(table.day.desc(), table.key_id, table.route_group)
    )
    return [(row[0], row[1], row[2], int(row[3])) for row in connection.execute(query)]


def load_used(connection: Connection, name: str) -> int:
    """How much of a month's quota is booked."""
    return int(connection.execute(select(quotas.c.used).where(quotas.c.name == name)).scalar() or 0)


def erase_limits(connection: Connection, account_id: str) -> None:
    """Forget what an account used."""
    names = select(quotas.c.name).where(quotas.c.account_id == account_id)
    connection.execute(delete(leases).where(leases.c.name.in_(names)))
    for table in (buckets, quotas, usages):
        connection.execute(delete(table).where(table.c.account_id == account_id))


def end_of_month(now: datetime) -> datetime:
    """The first moment of the next calendar month in UTC."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def month_of(now: datetime) -> str:
    """The calendar month in UTC, `YYYY-MM`."""
    return now.astimezone(UTC).strftime("%Y-%m")
