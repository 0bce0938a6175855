"""Calling a host through its breaker and its limit, with repetitions and figures."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar

from assay.kit.errors import BadInput, SourceUnavailable
from assay.kit.telemetry import UPSTREAM, UpstreamStats, span
from assay.kit.upstream.breaker import Admitted, Breaker
from assay.kit.upstream.patience import Patience

T = TypeVar("T")

CALLS_AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class Failure:
    """What a failed attempt says: a few words, whether to repeat it, whose fault it is."""

    kind: str
    """One of a few words: it becomes the label of a figure."""
    detail: str = ""
    is_repeated: bool = True
    is_theirs: bool = True
    """False for failures that say nothing about the host's health, such as a rate limit."""
    retry_after_s: float | None = None


Judge = Callable[[Exception], Failure | None]
"""Reads an exception of an attempt; None is an answer of the host that the caller wants."""


@dataclass
class _Host:
    breaker: Breaker
    slots: dict[int, asyncio.Semaphore] = field(default_factory=dict)

    def take_slot(self, limit: int) -> asyncio.Semaphore:
        """The semaphore of the running loop; a host may be called from several, one at a time."""
        loop = id(asyncio.get_running_loop())
        if loop not in self.slots:
            self.slots = {loop: asyncio.Semaphore(limit)}
        return self.slots[loop]


class Upstreams:
    """Every host that this process calls, by name."""

    def __init__(
        self,
        stats: UpstreamStats = UPSTREAM,
        make_breaker: Callable[[], Breaker] = Breaker,
        at_a_time: int = CALLS_AT_A_TIME,
    ) -> None:
        self.stats = stats
        self.make_breaker = make_breaker
        self.at_a_time = at_a_time
        self._hosts: dict[str, _Host] = {}

    def find_breaker(self, host: str) -> Breaker:
        """The breaker of a host."""
        return self._find(host).breaker

    async def call(
        self,
        host: str,
        ask: Callable[[], Awaitable[T]],
        judge: Judge,
        patience: Patience,
        what: str = "an answer",
    ) -> T:
        """What `ask` gives, in one of the attempts that `patience` allows.

        Raises SourceUnavailable when the host stays away, says that it is to be left alone for
        longer than `patience` waits, or has failed so often that it is not even asked.
        """
        for failures in range(1, patience.attempts + 1):
            admitted = self._enter(host)
            try:
                return await self._attempt(host, admitted, ask, judge)
            except _Failed as failed:
                pause_s = patience.pause_s(failures, failed.failure.retry_after_s or 0.0)
                if self._gives_up(failed.failure, failures, patience):
                    tried = f"in {failures} attempts" if failures > 1 else "at the first attempt"
                    why = failed.failure.detail or failed.failure.kind
                    raise SourceUnavailable(
                        f"{host} did not send {what} {tried}: {why}.",
                        hint="Try again later.",
                        retry_after_s=failed.failure.retry_after_s or patience.longest_pause_s,
                    ) from failed.__cause__
            self.stats.retries[host] += 1
            await patience.sleep(pause_s)
        raise BadInput("No attempt was allowed.", hint="Allow at least one attempt.")

    def _gives_up(self, failure: Failure, failures: int, patience: Patience) -> bool:
        waits = failure.retry_after_s or 0.0
        is_last = failures == patience.attempts
        return is_last or not failure.is_repeated or waits > patience.longest_pause_s

    def _find(self, host: str) -> _Host:
        found = self._hosts.get(host)
        if found is None:
            found = self._hosts[host] = _Host(self.make_breaker())
        return found

    def _enter(self, host: str) -> Admitted:
        breaker = self._find(host).breaker
        admitted = breaker.admit()
        self._show(host)
        if admitted is None:
            # While a trial is under way its outcome is awaited, not the whole time again.
            wait_s = max(1.0, breaker.wait_s)
            self.stats.errors[host, "breaker open"] += 1
            raise SourceUnavailable(
                f"{host} has failed too often and is left alone for {wait_s:.0f} s.",
                hint="Try again after that.",
                retry_after_s=wait_s,
            )
        return admitted

    async def _attempt(
        self, host: str, admitted: Admitted, ask: Callable[[], Awaitable[T]], judge: Judge
    ) -> T:
        """One admitted call; the breaker hears how it ended, whatever happens."""
        known = self._find(host)
        outcome = "abandoned"
        began = perf_counter()
        try:
            async with known.take_slot(self.at_a_time):
                began = perf_counter()
                with span("upstream", host=host):
                    result = await ask()
        except Exception as error:
            failure = judge(error)
            if failure is None:
                outcome = "refused"
                admitted.succeed()
                raise
            outcome = "failed"
            self.stats.errors[host, failure.kind] += 1
            if failure.is_theirs:
                admitted.fail()
            raise _Failed(failure) from error
        else:
            outcome = "ok"
            admitted.succeed()
            return result
        finally:
            # Also where the call was cancelled: a trial that nobody ends would close no breaker.
            admitted.abandon()
            self.stats.times.observe((host, outcome), perf_counter() - began)
            self._show(host)

    def _show(self, host: str) -> None:
        self.stats.breakers[host] = self._find(host).breaker.state.value


class _Failed(Exception):
    """An attempt that may be repeated."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.kind)
        self.failure = failure


UPSTREAMS = Upstreams()
"""The hosts of this process."""
