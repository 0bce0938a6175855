"""How long the next guess has to wait: nothing at first, then twice as long each time.

A wait is capped at 15 minutes, and failures are forgotten a day after the last: whoever is attacked
is slowed down, never shut out, and may come in past it from a device they have used before.
"""

from dataclasses import dataclass

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Throttle:
    """A rule: `free` failures cost nothing, then 1, 2, 4 ... seconds up to `cap_s`."""

    free: int
    cap_s: float = 900.0
    forget_s: float = DAY_S


ACCOUNT = Throttle(free=5)
"""Wrong passwords for one e-mail address, from everywhere together; known or not."""
SOURCE = Throttle(free=20)
"""Wrong sign-ins from one address, for whatever accounts."""
DEVICE = Throttle(free=10)
"""Wrong passwords from a device on which this account has signed in before."""
ASKING = Throttle(free=10)
"""Sign-ups, requested resets and reset tokens from one address; right ones count too."""


def count_failures(rule: Throttle, failures: int, since_last_s: float) -> int:
    """How many of `failures` still count, `since_last_s` seconds after the last of them."""
    return 0 if since_last_s >= rule.forget_s else failures


def wait_s(rule: Throttle, failures: int, since_last_s: float) -> float:
    """Seconds until the next try is looked at; 0.0 if it may be now."""
    counted = count_failures(rule, failures, since_last_s)
    if counted < rule.free:
        return 0.0
    # Beyond 2^20 seconds every cap is reached; the exponent must not grow without bound.
    delay = min(2.0 ** min(counted - rule.free, 20), rule.cap_s)
    return max(0.0, delay - max(0.0, since_last_s))
