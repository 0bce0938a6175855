"""The token bucket of a rate as one number (GCRA): the moment at which it will be full again.

A bucket of `limit` tokens refills in `period_us`; `full_at_us` is when nothing will be missing in
it. Taking a token moves that moment by `period_us / limit`, waiting lets it pass. After the
generic cell rate algorithm of ATM (ITU-T I.371).
"""

from dataclasses import dataclass

MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of asking for tokens: how many there were, the bucket afterwards, how many are
    left, microseconds until it is full, and until there is one again (0 if there is).
    """

    granted: int
    full_at_us: int
    left: int
    full_in_us: int
    next_in_us: int


def take_tokens(
    full_at_us: int, now_us: int, limit: int, wanted: int, period_us: int = MINUTE_US
) -> Taken:
    """Take up to `wanted` tokens at the moment `now_us`."""
    full_at_us = max(full_at_us, now_us)
    missing_us = full_at_us - now_us
    # Scaled by `limit`, so that rates that do not divide a minute lose nothing by rounding.
    available = max(0, (period_us - missing_us) * limit // period_us)
    granted = min(wanted, available)
    full_at_us += _duration(granted, limit, period_us)
    missing_us = full_at_us - now_us
    one_us = _duration(1, limit, period_us)
    left = available - granted
    wait_us = 0 if left else max(0, missing_us + one_us - period_us)
    return Taken(granted, full_at_us, left, missing_us, wait_us)


def return_tokens(
    full_at_us: int, now_us: int, limit: int, count: int, period_us: int = MINUTE_US
) -> int:
    """The bucket after `count` tokens that nobody used came back; negative: so many more were."""
    return max(full_at_us, now_us) - _duration(count, limit, period_us)


def _duration(count: int, limit: int, period_us: int) -> int:
    return -(-count * period_us // limit)
