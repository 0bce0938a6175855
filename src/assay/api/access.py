"""Who may ask and how much is left, as one serving process knows it.

Credentials are read from the database when they are first shown, and kept; twice a second the
process looks whether anything changed and reads those it keeps anew, so that what was revoked
anywhere ends here within a second. Tokens of the limits are leased in blocks before they run out.
"""

import asyncio
import logging
from calendar import monthrange
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

from assay.accounts import (
    Allowance,
    DatabaseLimits,
    Grant,
    Holder,
    LimitStore,
    Meter,
    Metering,
    MeterKey,
    Plans,
    RedisLimits,
    Settlement,
    Usage,
    load_holders,
    load_plans,
    load_version,
    month_of,
    split_ref,
)
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import AssayError, RateLimited
from assay.kit.home import Home
from assay.kit.moments import to_microseconds
from assay.kit.redis import RedisLink
from assay.kit.settings import Settings

POLL_S = 0.5
FLUSH_S = 1.0
WAIT_S = 2.5
"""How long a request waits for a lease before it goes on without: no store may hold it up."""
LOST_S = 2.0
"""For how long a store that failed is not asked again."""
LAST_TRIES = 5
MAX_HOLDERS = 100_000
MINUTE_S = 60
TRIES = 50

T = TypeVar("T")
log = logging.getLogger("assay.api")


class Access:
    """The credentials and the counting of one process. Used from one event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        plans: Plans,
        store: LimitStore,
        wait_s: float = WAIT_S,
    ) -> None:
        self.wait_s = wait_s
        self.database = database
        self.clock = clock
        self.plans = plans
        self.store = store
        self.metering = Metering()
        self.holders: dict[bytes, Holder] = {}
        self.version = -1
        self.month = ""
        self._removed: list[Holder] = []
        self._leasing: dict[str, asyncio.Future[None]] = {}
        self._lost_until_s = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(2, "assay-access")
        self._flushing = asyncio.Lock()

    # --- credentials -----------------------------------------------------------------------

    def get(self, token: bytes) -> Holder | None:
        """The holder of a credential that this process has seen before."""
        ref, secret = split_ref(token)
        holder = self.holders.get(ref)
        if holder is None or not holder.proves(secret):
            return None
        holder.proven = token
        return holder

    async def find(self, token: bytes) -> Holder | None:
        """The holder of a credential; None if nobody holds it. A new one, or one with a new secret,
        is looked up in the database.
        """
        holder = self.get(token)
        ref, secret = split_ref(token)
        if holder is None and ref:
            holder = await self._load(ref)
            if holder is None or not holder.proves(secret):
                return None
        if holder is None or holder.is_over(to_microseconds(self.clock.now())):
            return None
        return holder

    async def recall(self, ref: bytes) -> Holder | None:
        """The holder of a credential that was shown before, by its text up to the secret; None once
        it stands no more.
        """
        holder = self.holders.get(ref) or await self._load(ref)
        if holder is None or holder.is_over(to_microseconds(self.clock.now())):
            return None
        return holder

    async def poll(self) -> bool:
        """Look whether a credential changed, and drop those that have run out; True if one did."""
        now = self.clock.now()
        self._expire(now)
        if month_of(now) != self.month:
            self._begin_month(now)
        version = await self._run(self._read_version)
        if version == self.version:
            return False
        kept = list(self.holders)
        version, found = await self._run(self._read_holders, kept)
        for ref in kept:
            self._replace(ref, found.get(ref))
        # What was read meanwhile may be older than the change; it is read again when it is shown.
        for ref in self.holders.keys() - set(kept):
            self._replace(ref, None)
        self.version = version
        return True

    async def _load(self, ref: bytes) -> Holder | None:
        for _ in range(3):
            version, found = await self._run(self._read_holders, [ref])
            if self.version < 0:
                self.version = version
            if version >= self.version:
                self._replace(ref, found.get(ref))
                return found.get(ref)
        return None

    def _read_version(self) -> int:
        with self.database.read() as connection:
            return load_version(connection)

    def _read_holders(self, refs: Sequence[bytes]) -> tuple[int, dict[bytes, Holder]]:
        with self.database.read() as connection:
            version = load_version(connection)
            return version, load_holders(connection, refs, self.plans, self.clock.now())

    def _replace(self, ref: bytes, holder: Holder | None) -> None:
        old = self.holders.pop(ref, None)
        if old is not None and old.used:
            self._removed.append(old)
        if holder is not None:
            holder.allowance = self.allow(holder, "")
            self.holders[ref] = holder
            if len(self.holders) > MAX_HOLDERS:
                self._replace(next(iter(self.holders)), None)

    def _expire(self, now: datetime) -> None:
        now_us = to_microseconds(now)
        for ref, holder in list(self.holders.items()):
            if holder.is_over(now_us):
                self._replace(ref, None)
            elif holder.previous is not None and holder.previous_until_us <= now_us:
                holder.previous = holder.proven = None

    # --- limits ----------------------------------------------------------------------------

    def allow(self, holder: Holder, template: str, *, is_free: bool = False) -> Allowance:
        """The limits that count for a credential on a route; those of all routes for "".

        What `is_free` counts towards the rates only: a used-up month must keep nobody from revoking
        a stolen key.
        """
        principal, now = holder.principal, self.clock.now()
        plan, account = principal.plan, principal.account_id
        self.month = self.month or month_of(now)
        keys: list[tuple[MeterKey, int]] = []
        if plan.requests_per_minute is not None:
            rate = plan.requests_per_minute
            # A debt is kept as time: under another plan it begins anew.
            keys.append((MeterKey(f"{account}:minute:{rate}", account, rate), 60))
        if holder.requests_per_minute is not None:
            name = f"{account}:{principal.key_id}"
            keys.append((MeterKey(name, account, holder.requests_per_minute), 60))
        if template in plan.per_route:
            keys.append((MeterKey(f"{account}:{template}", account, plan.per_route[template]), 60))
        if plan.requests_per_month is not None and not is_free:
            key = MeterKey(f"{account}:{self.month}", account, plan.requests_per_month, True)
            keys.append((key, monthrange(now.year, now.month)[1] * 86_400))
        meters = tuple(self.metering.get(key) for key, _ in keys)
        windows = tuple(window for _, window in keys)
        allowance = Allowance(meters, windows, self.metering.holding)
        allowance.describe(now.timestamp())
        return allowance

    async def admit(
        self, holder: Holder, template: str, group: str, *, is_free: bool = False
    ) -> Allowance:
        """Take one token of every limit, leasing what is missing; of no quota if `is_free`.

        Raises RateLimited. Its answer says what the limits' headers say.
        """
        allowance = holder.allowance
        if is_free or allowance is None or template in holder.principal.plan.per_route:
            allowance = self.allow(holder, template, is_free=is_free)
        for _ in range(TRIES):
            if allowance.spend():
                holder.used[group] = holder.used.get(group, 0) + 1
                self.watch(allowance)
                return allowance
            now_s = self._now_s()
            short = [meter for meter in allowance.meters if meter.tokens <= 0]
            if any(meter.is_refused(now_s) for meter in short):
                break
            await self._lease(short)
        raise self._refuse(allowance)

    def watch(self, allowance: Allowance) -> None:
        """Say anew what is left, and lease the next block of what runs low, without waiting."""
        now_s = self._now_s()
        allowance.is_low = False
        allowance.describe(now_s)
        low = [
            meter
            for meter in allowance.meters
            if meter.tokens <= meter.low
            and meter.key.block > 1
            and meter.key.name not in self._leasing
            and now_s >= meter.retry_at
        ]
        if low:
            self._start(self._lease(low))

    def _refuse(self, allowance: Allowance) -> RateLimited:
        now_s = self._now_s()
        worst = max(
            (meter for meter in allowance.meters if meter.tokens <= 0),
            key=lambda meter: meter.retry_at,
            default=allowance.meters[0],
        )
        wait_s = max(1.0, worst.retry_at - now_s)
        window = "month" if worst.key.is_quota else "minute"
        return RateLimited(
            f"The plan's {worst.key.limit} requests a {window} are used up.",
            hint="Wait as long as Retry-After says; GET /v1/usage shows what was used.",
            retry_after_s=wait_s,
        )

    async def _lease(self, meters: Sequence[Meter]) -> None:
        wanted = [meter for meter in meters if meter.key.name not in self._leasing]
        waiting = [self._leasing[m.key.name] for m in meters if m.key.name in self._leasing]
        if wanted:
            future = asyncio.ensure_future(self._lease_now(wanted))
            waiting.append(future)
            for meter in wanted:
                self._leasing[meter.key.name] = future
        await asyncio.wait(waiting)

    async def _lease_now(self, meters: Sequence[Meter]) -> None:
        grants = None if self._now_s() < self._lost_until_s else await self._ask_store(meters)
        for place, meter in enumerate(meters):
            if grants is None:
                # No request is refused because a store is slow or away.
                meter.take_credit(self._now_s())
            else:
                meter.take(grants[place], self._now_s())
            self._leasing.pop(meter.key.name, None)

    async def _ask_store(self, meters: Sequence[Meter]) -> list[Grant] | None:
        """What the store grants; None where it does not answer in time."""
        asked = asyncio.ensure_future(self._run(self.store.lease, [m.key for m in meters]))
        await asyncio.wait({asked}, timeout=self.wait_s)
        if asked.done() and asked.exception() is None:
            return asked.result()
        self._lost_until_s = self._now_s() + LOST_S
        log.warning("limits are counted by this process alone for now")
        if not asked.done():
            asked.add_done_callback(lambda future: self._take_late(meters, future))
        return None

    def _take_late(self, meters: Sequence[Meter], future: asyncio.Future[list[Grant]]) -> None:
        if not future.cancelled() and future.exception() is None:
            for meter, grant in zip(meters, future.result(), strict=True):
                meter.tokens += grant.granted

    def _begin_month(self, now: datetime) -> None:
        self.month = month_of(now)
        for holder in self.holders.values():
            holder.allowance = self.allow(holder, "")

    # --- keeping books ---------------------------------------------------------------------

    async def flush(self, *, is_last: bool = False) -> bool:
        """Settle what was spent and used; what cannot be booked now is booked with the next, and
        the answer is False.
        """
        async with self._flushing:
            now_s = self._now_s()
            for holder in [*self._removed, *self.holders.values()]:
                self._count(holder)
            self._removed.clear()
            settlements, usage = self.metering.collect(now_s, is_last=is_last)
            self.metering.forget_idle(now_s)
            if not settlements and not usage:
                return True
            return await self._settle(settlements, usage)

    async def _settle(self, settlements: Sequence[Settlement], usage: Sequence[Usage]) -> bool:
        try:
            await self._run(self.store.settle, settlements, usage)
        except AssayError as error:
            log.warning("usage is booked later: %s", error)
            self.metering.restore(settlements, usage)
            return False
        return True

    def _count(self, holder: Holder) -> None:
        principal = holder.principal
        for group, count in holder.used.items():
            self.metering.count(principal.account_id, principal.key_id, group, count)
        holder.used.clear()

    async def watch_changes(self) -> None:
        """Look for changes twice a second and keep the books each second, until cancelled."""
        await asyncio.gather(self._repeat(self.poll, POLL_S), self._repeat(self.flush, FLUSH_S))

    async def _repeat(
        self, step: Callable[[], Coroutine[object, object, object]], every_s: float
    ) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                await step()
            except Exception:  # last resort: a failed look may not end the looking
                log.exception("the accounts could not be read; what is known stays in force")

    async def close(self) -> None:
        """Book everything, give back every token, let go of the store."""
        for _ in range(LAST_TRIES):
            if await self.flush(is_last=True):
                break
        self.store.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    # --- helpers ---------------------------------------------------------------------------

    def _now_s(self) -> float:
        return self.clock.now().timestamp()

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, work: Callable[..., T], *args: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(*args))


def open_access(home: Home, database: Database, clock: Clock, settings: Settings) -> Access:
    """Keys, plans and limits of keyed mode; rates in Redis where there is one."""
    store: LimitStore = DatabaseLimits(database, clock)
    if settings.redis_url is not None:
        link = RedisLink(settings.redis_url.get_secret_value())
        store = RedisLimits(link, store, clock)
    return Access(database, clock, load_plans(home), store)
