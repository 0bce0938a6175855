"""The limit store with its rates in Redis; quotas and usage stay in the database.

A rate's bucket may be lost (it refills within a minute), a month's quota may not, so Redis never
holds the only copy of anything that matters. While Redis does not answer, rates are leased from the
database too: at the moment of the change a client may get one bucket more than its rate.
"""

from collections.abc import Sequence
from typing import Any

from assay.accounts.compute.rates import MINUTE_US, take_tokens
from assay.accounts.limits import Grant, LimitStore, MeterKey, Settlement, Usage
from assay.accounts.store.limits import describe_rate
from assay.kit.clock import Clock
from assay.kit.errors import SourceUnavailable
from assay.kit.moments import to_microseconds
from assay.kit.redis import RedisLink

TAKE = """
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1]))
local limit, wanted, period = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local available = math.max(0, math.floor((period - (full - ARGV[1])) * limit / period))
local granted = math.min(wanted, available)
local after = full + math.ceil(granted * period / limit)
if granted > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX',
             math.max(1, math.ceil((after - ARGV[1]) / 1000)))
end
return {granted, string.format('%.0f', full)}
"""
GIVE_BACK = """
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1])) - ARGV[2]
if full > tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX',
             math.max(1, math.ceil((full - ARGV[1]) / 1000)))
else
  redis.call('DEL', KEYS[1])
end
return 0
"""


class RedisLimits:
    """Rates by a script in Redis, everything else by `durable`, the store in the database."""

    def __init__(
        self, link: RedisLink, durable: LimitStore, clock: Clock, prefix: str = "assay:rate:"
    ) -> None:
        self.link = link
        self.durable = durable
        self.clock = clock
        self.prefix = prefix

    def lease(self, keys: Sequence[MeterKey]) -> list[Grant]:
        """A block of each key's tokens; from the database where Redis does not answer."""
        found = {key.name: self._lease_rate(key) for key in keys if not key.is_quota}
        missing = [key for key in keys if found.get(key.name) is None]
        durable = self.durable.lease(missing) if missing else []
        rest = {key.name: grant for key, grant in zip(missing, durable, strict=True)}
        return [found.get(key.name) or rest[key.name] for key in keys]

    def settle(self, settlements: Sequence[Settlement], usage: Sequence[Usage]) -> None:
        """Give rates back to Redis, book the rest in the database."""
        rest = [item for item in settlements if item.key.is_quota or not self._return(item)]
        self.durable.settle(rest, usage)

    def close(self) -> None:
        """Let go of Redis and of the store behind it."""
        self.link.close()
        self.durable.close()

    def _lease_rate(self, key: MeterKey) -> Grant | None:
        now_us = to_microseconds(self.clock.now())
        try:
            granted, full = self._run(TAKE, key, now_us, key.limit, key.block, MINUTE_US)
        except SourceUnavailable:
            return None
        # The script decides how many; what that leaves is the same arithmetic as everywhere.
        taken = take_tokens(int(full), now_us, key.limit, int(granted))
        return describe_rate(taken.granted, taken.left, taken.full_in_us, taken.next_in_us)

    def _return(self, item: Settlement) -> bool:
        """Put tokens of a rate back, or take what is owed; False where Redis does not answer."""
        if not item.returned:
            return True
        step_us = -(-item.returned * MINUTE_US // item.key.limit)
        try:
            self._run(GIVE_BACK, item.key, to_microseconds(self.clock.now()), step_us)
        except SourceUnavailable:
            return False
        return True

    def _run(self, script: str, key: MeterKey, *arguments: int) -> Any:  # noqa: ANN401 - what the script answers
        name = self.prefix + key.name
        return self.link.call(lambda client: client.eval(script, 1, name, *arguments))
