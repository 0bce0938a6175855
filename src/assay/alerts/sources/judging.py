"""What the answer of a channel says of a message."""

from datetime import datetime
from email.utils import parsedate_to_datetime

from assay.alerts.types import Verdict

ACCEPTED = Verdict(is_accepted=True)


def judge_status(status: int, retry_after: str | None, now: datetime) -> Verdict:
    """What an HTTP answer says of a message: 2xx took it, 410 wants none ever again, the others may
    do so later. Refusals of 4xx are of this message, the rest is of the channel.
    """
    if 200 <= status < 300:
        return ACCEPTED
    if status == 410:
        return Verdict(False, "It answered 410: the address is gone.", is_final=True, is_gone=True)
    if 300 <= status < 400:
        return Verdict(False, f"It answered {status}: redirects are not followed.")
    wait_s = parse_retry_after(retry_after, now) or 0.0
    is_channels = status >= 500 or status in (401, 403, 404, 408, 425, 429)
    return Verdict(False, f"It answered {status}.", wait_s, is_channels=is_channels)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After value asks for (RFC 9110 10.2.3); None if it says nothing."""
    text = (value or "").strip()
    if text.isascii() and text.isdecimal() and len(text) <= 9:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, IndexError):
        return None
