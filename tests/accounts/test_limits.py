"""One suite for every limit store: the database (SQLite, PostgreSQL), and Redis before each."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from assay import accounts
from assay.accounts import (
    Allowance,
    DatabaseLimits,
    LimitStore,
    Metering,
    MeterKey,
    RedisLimits,
    Settlement,
    Usage,
)
from assay.accounts.store.limits import leases, usages
from assay.accounts.types import Verb
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.redis import RedisLink

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOWHERE = "redis://127.0.0.1:1/0"


@dataclass
class SetClock:
    at: datetime = AT
    is_replay: bool = False

    def now(self) -> datetime:
        return self.at


@dataclass
class Stores:
    """Two processes' stores over the same place, and their clock."""

    database: Database
    clock: SetClock
    one: LimitStore
    two: LimitStore
    account: str

    def rate(self, limit: int) -> MeterKey:
        return MeterKey(f"{self.account}:minute", self.account, limit)

    def quota(self, limit: int) -> MeterKey:
        return MeterKey(f"{self.account}:2026-11", self.account, limit, True)


@pytest.fixture(params=["database", "redis", "lost redis"])
def stores(request: pytest.FixtureRequest, each_home: Home) -> Iterator[Stores]:
    database, clock = Database(each_home), SetClock()
    account = accounts.create_account(database, clock).account_id
    made: list[LimitStore] = [DatabaseLimits(database, clock) for _ in range(2)]
    if request.param != "database":
        prefix = request.getfixturevalue("redis_prefix")
        url = request.getfixturevalue("redis_url") if request.param == "redis" else NOWHERE
        made = [RedisLimits(RedisLink(url), store, clock, prefix) for store in made]
    yield Stores(database, clock, made[0], made[1], account)
    for store in made:
        store.close()
    database.close()


def take_all(store: LimitStore, key: MeterKey) -> int:
    """Lease until nothing is granted; how many tokens there were."""
    total = 0
    while granted := store.lease([key])[0].granted:
        total += granted
    return total


def test_a_rate_is_shared_and_never_exceeded(stores: Stores) -> None:
    key = stores.rate(640)
    total = 0
    for _ in range(20):
        total += stores.one.lease([key])[0].granted + stores.two.lease([key])[0].granted
    assert total == 640
    refused = stores.two.lease([key])[0]
    assert (refused.granted, refused.left) == (0, 0)
    assert refused.retry_s == pytest.approx(60 / 640, abs=0.001)
    assert refused.reset_s == pytest.approx(60, abs=0.1)


def test_a_rate_refills_evenly_and_takes_back(stores: Stores) -> None:
    key = stores.rate(60)
    assert take_all(stores.one, key) == 60
    stores.clock.at += timedelta(seconds=7)
    assert take_all(stores.two, key) == 7
    stores.one.settle([Settlement(key, 10, 5)], [])
    assert take_all(stores.two, key) == 5


def test_what_is_owed_is_waited_for_by_every_process(stores: Stores) -> None:
    key = stores.rate(60)
    metering = Metering()
    meter = metering.get(key)
    meter.take(stores.one.lease([key])[0], stores.clock.at.timestamp())
    Allowance((meter,), (60,), metering.holding).charge(meter.tokens + 118)
    stores.one.settle(*metering.collect(stores.clock.at.timestamp()))
    assert meter.tokens == 0
    # Of 60 tokens one was leased and 118 more are owed: the first is there again after 60 seconds.
    for store in (stores.one, stores.two):
        refused = store.lease([key])[0]
        assert refused.granted == 0
        assert refused.retry_s == pytest.approx(60, abs=0.1)
    stores.clock.at += timedelta(seconds=60)
    assert take_all(stores.two, key) == 1


def test_a_quota_counts_what_is_owed_once(stores: Stores) -> None:
    key = stores.quota(1_000)
    metering = Metering()
    meter = metering.get(key)
    meter.take(stores.one.lease([key])[0], stores.clock.at.timestamp())
    Allowance((meter,), (60,), metering.holding).charge(meter.tokens + 369)
    stores.one.settle(*metering.collect(stores.clock.at.timestamp()))
    assert take_all(stores.two, key) == 1_000 - 31 - 369


def test_a_quota_is_shared_and_never_exceeded(stores: Stores) -> None:
    key = stores.quota(100)
    total = 0
    for _ in range(40):
        total += stores.one.lease([key])[0].granted + stores.two.lease([key])[0].granted
    assert total == 100
    month_s = 10.5 * 86_400
    refused = stores.one.lease([key])[0]
    assert 0 < refused.retry_s <= month_s
    assert refused.reset_s == pytest.approx(month_s)


def test_what_a_dead_process_held_comes_back_and_what_it_spent_stays(stores: Stores) -> None:
    key = stores.quota(100)
    held = take_all(stores.one, key)
    assert held == 100
    stores.one.settle([Settlement(key, 30, 0)], [])
    assert take_all(stores.two, key) == 0
    stores.clock.at += timedelta(seconds=16)
    assert take_all(stores.two, key) == 70


def test_what_is_given_back_is_there_for_others(stores: Stores) -> None:
    key = stores.quota(100)
    take_all(stores.one, key)
    stores.one.settle([Settlement(key, 30, 70)], [])
    assert take_all(stores.two, key) == 70
    stores.two.settle([Settlement(key, 70, 0)], [])
    with stores.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(leases)).scalar() == 0
        assert accounts.load_used(connection, key.name) == 100


def test_usage_adds_up_by_day_key_and_group(stores: Stores) -> None:
    for store in (stores.one, stores.two, stores.one):
        store.settle([], [Usage(stores.account, "k", "grades", 2)])
    stores.clock.at += timedelta(days=1)
    stores.one.settle([], [Usage(stores.account, "", "tokens", 1), Usage("gone", "", "x", 1)])
    with stores.database.read() as connection:
        found = accounts.list_usage(connection, stores.account)
        assert found == [("2026-11-21", "", "tokens", 1), ("2026-11-20", "k", "grades", 6)]
        # What belongs to an account that was deleted meanwhile is not written again.
        assert connection.execute(select(func.count()).select_from(usages)).scalar() == 2


def test_redis_may_die_between_two_leases(
    each_home: Home, redis_url: str, redis_prefix: str
) -> None:
    database, clock = Database(each_home), SetClock()
    account = accounts.create_account(database, clock).account_id
    link = RedisLink(redis_url)
    store = RedisLimits(link, DatabaseLimits(database, clock), clock, redis_prefix)
    key = MeterKey(f"{account}:minute", account, 60)
    assert store.lease([key])[0].granted == 1
    link.circuit.fail()
    assert store.lease([key])[0].granted == 1
    store.settle([Settlement(key, 1, 1)], [Usage(account, "", "x", 1)])
    store.close()
    database.close()


PROCESS = """
import asyncio, sys, time
from pathlib import Path
from pydantic import SecretStr
from assay import accounts
from assay.api.access import Access
from assay.accounts import DatabaseLimits, RedisLimits, load_plans
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.errors import RateLimited
from assay.kit.home import Home
from assay.kit.redis import RedisLink

path, url, redis, prefix, key = sys.argv[1:]
home = Home(Path(path), SecretStr(url) if url else None)
database, clock = Database(home), SystemClock()
# Patient: on a busy machine a store that is merely slow is no store that is away.
store = DatabaseLimits(database, clock, wait_s=60.0)
if redis:
    store = RedisLimits(RedisLink(redis), store, clock, prefix)

async def main():
    access = Access(database, clock, load_plans(home), store, wait_s=60.0)
    holder = await access.find(key.encode())
    print("ready", flush=True)
    until = float(sys.stdin.readline())
    watcher = asyncio.create_task(access.watch_changes())
    passed = refused = 0
    # Whoever was refused so often has used up what it had, and others had nothing to give.
    while time.time() < until and refused < 50:
        try:
            await access.admit(holder, "/v1/tokens", "tokens")
            passed += 1
        except RateLimited:
            refused += 1
            await asyncio.sleep(0.02)
        if passed % 50 == 0:
            await asyncio.sleep(0)
    watcher.cancel()
    await access.close()
    database.close()
    print(passed, refused)

asyncio.run(main())
"""


def together(children: list[subprocess.Popen[str]], until: float) -> list[subprocess.Popen[str]]:
    """The children, after all of them were told to begin."""
    for child in children:
        assert child.stdin is not None
        child.stdin.write(f"{until}\n")
        child.stdin.flush()
    return children


@pytest.mark.slow
@pytest.mark.parametrize("with_redis", [False, True])
@pytest.mark.parametrize(
    ("plan", "most"), [("requests_per_month = 4000", 4000), ("requests_per_minute = 600", None)]
)
def test_four_processes_together_keep_to_the_limit(
    each_home: Home, request: Any, with_redis: bool, plan: str, most: int | None
) -> None:
    """Beyond the limit by at most a block (1/32) a process, and by nothing of a month's quota."""
    redis = request.getfixturevalue("redis_url") if with_redis else ""
    prefix = request.getfixturevalue("redis_prefix") if with_redis else ""
    (each_home.path / "plans.toml").write_text(f"[tight]\n{plan}\n")
    database, clock = Database(each_home), SystemClock()
    account = accounts.create_account(database, clock).account_id
    accounts.change_account(database, clock, account, plan="tight")
    _, key = accounts.create_key(database, clock, account, name="k", scopes=[Verb.READ])
    url = each_home.reveal_database_url() or ""
    arguments = [str(each_home.path), url, redis, prefix, key]
    command = [sys.executable, "-W", "error", "-c", PROCESS, *arguments]
    pipe = subprocess.PIPE
    children = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(4)]
    assert [child.stdout and child.stdout.readline() for child in children] == ["ready\n"] * 4
    began = clock.now()
    until = began.timestamp() + 8.0
    found = [child.communicate(timeout=120)[0].split() for child in together(children, until)]
    assert all(child.returncode == 0 for child in children)
    passed, refused = (sum(int(pair[i]) for pair in found) for i in (0, 1))
    assert refused > 0
    if most is None:
        took_s = (clock.now() - began).total_seconds()
        most = int(600 + 600 * took_s / 60 + 4 * 600 / 32) + 1
        assert passed >= 600
    else:
        assert passed >= 0.9 * most
    assert passed <= most
    with database.read() as connection:
        assert sum(row[3] for row in accounts.list_usage(connection, account)) == passed
    database.close()
