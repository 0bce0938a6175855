"""What a serving process counts: tokens it leased, spent and owes, and requests by route group.

Synchronous and without waiting: a request spends what is there; who drives it (the API) leases
blocks in time, settles each second and gives back what lies unused.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assay.accounts.compute.rates import take_tokens
from assay.accounts.limits import Grant, MeterKey, Settlement, Usage

IDLE_S = 2.0
"""Tokens that nobody spends for so long go back, for other processes to use."""
DENIED_S = 1.0
"""A refusal is believed at most so long before the store is asked again."""
WINDOW_S = 60
READY = 32
"""Tokens that an allowance takes out of its meters at once."""


@dataclass(slots=True, eq=False)
class Meter:
    """One limit as this process sees it. `tokens` may be spent without asking, `left` is what the
    store had besides; times are seconds of the process's own clock.
    """

    key: MeterKey
    tokens: int = 0
    left: int = 0
    low: int = 0
    spent: int = 0
    asked_at: float = 0.0
    spent_at: float = 0.0
    reset_at: float = 0.0
    retry_at: float = 0.0
    credit_full_at_us: int = 0

    def take(self, grant: Grant, now_s: float) -> None:
        """Add what the store granted."""
        self.tokens += grant.granted
        self.left = grant.left
        self.low = self.key.block // 2
        self.asked_at = self.spent_at = now_s
        self.reset_at = now_s + grant.reset_s
        self.retry_at = now_s + grant.retry_s

    def take_credit(self, now_s: float) -> None:
        """Go on without the store: at the limit's own rate, settled later. A quota is not refused
        because our store is away.
        """
        if self.key.is_quota:
            self.take(Grant(self.key.block, self.left, WINDOW_S, 0.0), now_s)
            return
        now_us = int(now_s * 1e6)
        taken = take_tokens(self.credit_full_at_us, now_us, self.key.limit, self.key.block)
        self.credit_full_at_us = taken.full_at_us
        retry_s = 0.0 if taken.granted else taken.next_in_us / 1e6
        self.take(Grant(taken.granted, taken.left, taken.full_in_us / 1e6, retry_s), now_s)

    def is_refused(self, now_s: float) -> bool:
        """True while the store's last refusal stands."""
        return self.tokens <= 0 and now_s < min(self.retry_at, self.asked_at + DENIED_S)

    def remaining(self, now_s: float) -> int:
        """How many requests are left in the window: held here, and in the store as it refills."""
        left = self.left
        if not self.key.is_quota:
            left += int((now_s - self.asked_at) * self.key.limit / WINDOW_S)
        return max(0, min(self.key.limit, self.tokens + left))

    def settle(self, now_s: float) -> Settlement | None:
        """What to tell the store, None for nothing; idle tokens are put back first."""
        returned = 0
        if self.spent:
            self.spent_at = now_s
        elif self.tokens > 0 and now_s - self.spent_at >= IDLE_S:
            returned = self.give_back()
        if self.tokens < 0:
            returned = self._pass_on_debt()
        if not self.spent and not returned:
            return None
        settlement = Settlement(self.key, self.spent, returned)
        self.spent = 0
        return settlement

    def _pass_on_debt(self) -> int:
        """Let the store keep what is owed, so that it counts for every process: it is booked as
        spent from a quota; a rate takes it as tokens given back, less than none.
        """
        owed, self.tokens = self.tokens, 0
        if self.key.is_quota:
            return 0
        self.left += owed
        return owed

    def give_back(self) -> int:
        """Put every unspent token back; how many there were."""
        returned = max(0, self.tokens)
        self.tokens -= returned
        self.left += returned
        return returned


class Allowance:
    """The limits that one credential has on some routes, and what its answers say of them.

    `ready` tokens of every limit have been taken out for the next requests, so that one of them
    costs one subtraction; `holding` is where allowances that hold some are known. `shown` is the
    limit with the fewest requests left. `is_low` says that some limit's tokens here run out.
    """

    __slots__ = (
        "_after",
        "_base",
        "_before",
        "_holding",
        "_limit",
        "_policy",
        "_reset",
        "is_low",
        "meters",
        "ready",
    )

    def __init__(
        self, meters: tuple[Meter, ...], windows_s: tuple[int, ...], holding: "set[Allowance]"
    ) -> None:
        self.meters = meters
        self.ready = 0
        self.is_low = False
        parts = (f"{m.key.limit};w={w}" for m, w in zip(meters, windows_s, strict=True))
        self._policy = (b"ratelimit-policy", ", ".join(parts).encode())
        self._limit = self._reset = (b"", b"")
        self._before = self._after = b""
        self._base = 0
        self._holding = holding

    def spend(self) -> bool:
        """Take one token of every limit; False, and nothing taken, where one has none left."""
        if self.ready <= 0 and not self.take_out():
            return False
        self.ready -= 1
        return True

    def take_out(self) -> bool:
        """Get some tokens of every limit ready; False where one has none left."""
        tokens = min((meter.tokens for meter in self.meters), default=2 * READY)
        if tokens <= 0:
            return False
        count = max(1, min(READY, tokens // 2))
        for meter in self.meters:
            meter.tokens -= count
            meter.spent += count
            self.is_low = self.is_low or meter.tokens <= meter.low
        self.ready += count
        self._base -= count
        self._holding.add(self)
        return True

    def put_back(self) -> None:
        """Give what is ready back to the limits."""
        for meter in self.meters:
            meter.tokens += self.ready
            meter.spent -= self.ready
        self._base += self.ready
        self.ready = 0

    def charge(self, count: int) -> None:
        """Take `count` more tokens; what is missing is owed, and waited for by the next request."""
        for meter in self.meters:
            meter.tokens -= count
            meter.spent += count
        self._base -= count

    def describe(self, now_s: float) -> None:
        """Look anew which limit is closest, and when it will be whole again."""
        if not self.meters:
            return
        shown = min(self.meters, key=lambda meter: meter.remaining(now_s))
        self._base = min(shown.key.limit - self.ready, shown.remaining(now_s))
        self._limit = (b"ratelimit-limit", b"%d" % shown.key.limit)
        reset = max(0, math.ceil(shown.reset_at - now_s))
        self._reset = (b"ratelimit-reset", b"%d" % reset)
        before, after = self.list_headers()[0], self.list_headers()[2:]
        self._before = b"%b: %b\r\nratelimit-remaining: " % before
        self._after = b"\r\n" + b"".join(b"%b: %b\r\n" % pair for pair in after)

    def write_headers(self) -> bytes:
        """The same as lines of HTTP."""
        if not self.meters:
            return b""
        left = self._base + self.ready
        return b"%b%d%b" % (self._before, left if left > 0 else 0, self._after)

    def list_headers(self) -> list[tuple[bytes, bytes]]:
        """The header fields of one answer (draft-ietf-httpapi-ratelimit-headers-06)."""
        if not self.meters:
            return []
        left = self._base + self.ready
        remaining = (b"ratelimit-remaining", b"%d" % (left if left > 0 else 0))
        return [self._limit, remaining, self._reset, self._policy]


class Metering:
    """Every meter and every count of this process."""

    def __init__(self) -> None:
        self.meters: dict[str, Meter] = {}
        self.holding: set[Allowance] = set()
        self._used: dict[tuple[str, str, str], int] = {}

    def get(self, key: MeterKey) -> Meter:
        """The meter of a limit; a changed limit keeps what was counted under the old one."""
        meter = self.meters.get(key.name)
        if meter is None:
            meter = self.meters[key.name] = Meter(key)
        elif meter.key != key:
            meter.key = key
            meter.retry_at = 0.0
        return meter

    def count(self, account_id: str, key_id: str | None, group: str, requests: int) -> None:
        """Remember requests until the next settlement."""
        place = (account_id, key_id or "", group)
        self._used[place] = self._used.get(place, 0) + requests

    def collect(
        self, now_s: float, *, is_last: bool = False
    ) -> tuple[list[Settlement], list[Usage]]:
        """What happened since the last time; `is_last` gives everything back."""
        for allowance in self.holding:
            allowance.put_back()
        self.holding.clear()
        found: list[Settlement] = []
        for meter in self.meters.values():
            if is_last:
                meter.spent_at = now_s - IDLE_S
            settlement = meter.settle(now_s)
            if settlement is not None and is_last and not settlement.returned:
                settlement = Settlement(meter.key, settlement.spent, meter.give_back())
            if settlement is not None:
                found.append(settlement)
        usage = [Usage(*place, count) for place, count in self._used.items()]
        self._used.clear()
        return found, usage

    def restore(self, settlements: Sequence[Settlement], usage: Sequence[Usage]) -> None:
        """Take back what could not be settled; it is tried again with the next."""
        for item in settlements:
            meter = self.get(item.key)
            meter.spent += item.spent
            meter.tokens += item.returned
            meter.left -= item.returned
        for part in usage:
            self.count(part.account_id, part.key_id, part.group, part.requests)

    def forget_idle(self, now_s: float, idle_s: float = 600.0) -> None:
        """Drop meters that nobody used for long; what they held has been given back."""
        idle = [
            name
            for name, meter in self.meters.items()
            if not meter.tokens and not meter.spent and now_s - meter.spent_at > idle_s
        ]
        for name in idle:
            del self.meters[name]
