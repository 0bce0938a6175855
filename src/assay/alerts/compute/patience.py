"""When a message that did not arrive is tried again, and when it is given up."""

from datetime import datetime, timedelta

from assay.alerts.types import Channel, Verdict

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 600.0
LONGEST_WISH_S = 6 * 3_600.0
LEAST_ATTEMPTS = 8
KEEP_TRYING = timedelta(hours=24)
PROMPT_S = 1.0
"""A channel that answers within this is prompt; others get a lane of their own."""


def compute_wait_s(failures: int, wished_s: float, share: float) -> float:
    """Seconds until the next try after `failures` in a row: doubling from 2 s to 10 min, of which
    a `share` between 0 and 1 draws the upper half; never sooner than the channel wishes (6 h at
    most).
    """
    longest = min(FIRST_WAIT_S * 2.0 ** min(failures - 1, 30), LONGEST_WAIT_S)
    return max(longest * (0.5 + 0.5 * share), min(wished_s, LONGEST_WISH_S))


def is_given_up(attempts: int, due_at: datetime, now: datetime) -> bool:
    """True after at least 8 attempts and 24 hours."""
    return attempts >= LEAST_ATTEMPTS and now - due_at >= KEEP_TRYING


def is_prompt_after(
    channel: Channel, verdict: Verdict, took_s: float, *, prompt_s: float = PROMPT_S
) -> bool:
    """Whether a channel is prompt after an attempt: a fast failure says nothing of its speed."""
    if took_s > prompt_s:
        return False
    return verdict.is_accepted or channel.is_prompt
