"""When a firing is told: at once, at the end of quiet hours, in a summary, or not at all."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from assay.alerts.rules import Digest, QuietHours, QuietThen, RuleSpec, Told

DIGEST_AT = time(8)
"""When a daily summary is sent, on the clock of the rule's zone."""


def decide_telling(spec: RuleSpec, zone: tzinfo, now: datetime) -> tuple[Told, datetime | None]:
    """What becomes of what fires at `now`, and until when it is held."""
    if not spec.channels:
        return Told.NOWHERE, None
    quiet = spec.quiet_hours
    ends = None if quiet is None else find_quiet_end(quiet, zone, now)
    if quiet is not None and ends is not None and quiet.then is QuietThen.DROP:
        return Told.DROPPED, None
    held = max((at for at in (ends, find_digest(spec.digest, zone, now)) if at), default=None)
    return (Told.NOW, None) if held is None else (Told.HELD, held)


def find_quiet_end(quiet: QuietHours, zone: tzinfo, now: datetime) -> datetime | None:
    """When the quiet hours end in which `now` lies; None outside of them."""
    local = now.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    is_over_midnight = quiet.end < quiet.start
    if is_over_midnight:
        is_quiet = clock >= quiet.start or clock < quiet.end
    else:
        is_quiet = quiet.start <= clock < quiet.end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=int(is_over_midnight and clock >= quiet.start))
    end = datetime.combine(day, quiet.end, zone).astimezone(UTC)
    # Where the clock is set forward the end may not exist, and lie before `now`.
    return max(end, now + timedelta(seconds=1))


def find_digest(digest: Digest, zone: tzinfo, now: datetime) -> datetime | None:
    """When the next summary is due after `now`; None without summaries."""
    if digest is Digest.NONE:
        return None
    if digest is Digest.HOURLY:
        return find_next_hour(now)
    local = now.astimezone(zone)
    due = datetime.combine(local.date(), DIGEST_AT, zone).astimezone(UTC)
    if due > now:
        return due
    return datetime.combine(local.date() + timedelta(days=1), DIGEST_AT, zone).astimezone(UTC)


def find_next_hour(now: datetime) -> datetime:
    """When the hour of the clock ends in which `now` lies."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
