"""When to try again, and how long to wait before. Pure: the caller brings chance and sleep.

Exponential backoff with full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015): the wait
before try n is uniform in [0, min(cap, base * 2^n)], but never shorter than what Retry-After asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from assay.client.core.calls import Call
from assay.client.errors import ClientError, Unreachable

RETRIED = frozenset({429, 502, 503, 504})
IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently to try. `tries` counts the first one; 1 never tries again.
    A server that asks to wait longer than `longest_wait_s` is not waited for.
    """

    tries: int = 4
    base_s: float = 0.2
    cap_s: float = 5.0
    longest_wait_s: float = 30.0

    def wait_s(self, call: Call[Any], error: ClientError, tried: int, chance: float) -> float:
        """Seconds before the next try after `tried` failed ones; raises `error` if there is to be
        none. `chance` is uniform in [0, 1).
        """
        if tried >= self.tries or not is_repeatable(call) or not is_passing(error):
            raise error
        asked = error.retry_after_s or 0.0
        if asked > self.longest_wait_s:
            raise error
        jitter = chance * min(self.cap_s, self.base_s * 2.0 ** (tried - 1))
        # Waiting exactly as asked would bring all clients back in the same instant.
        return asked + jitter if asked else jitter


def is_repeatable(call: Call[Any]) -> bool:
    """True if sending a request twice has the effect of sending it once."""
    return call.method in IDEMPOTENT or call.repeatable


def is_passing(error: ClientError) -> bool:
    """True if the same request may succeed a moment later."""
    if isinstance(error, Unreachable):
        return True
    return error.retryable and error.status in RETRIED


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a `Retry-After` asks for: a number, or a date less the server's own `Date`."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
        since = parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - since).total_seconds())
    except (TypeError, ValueError):
        return None
