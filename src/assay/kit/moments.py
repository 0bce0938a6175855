"""Pure arithmetic of days and moments, all in UTC."""

from datetime import UTC, date, datetime, time, timedelta

from assay.kit.errors import BadInput


def close_of(day: date) -> datetime:
    """The moment a day's bar is complete: 24:00 UTC, which is 00:00 UTC of the next day."""
    return datetime.combine(day + timedelta(days=1), time(0), UTC)


def close_of_hour(day: date, hour: int) -> datetime:
    """The moment the bar that opens at `hour` (0 to 23, UTC) of `day` is complete."""
    return datetime.combine(day, time(hour), UTC) + timedelta(hours=1)


def last_closed_day(moment: datetime) -> date:
    """The newest day whose bar is complete at `moment` (aware UTC)."""
    return (moment.astimezone(UTC) - timedelta(days=1)).date()


def format_utc(moment: datetime) -> str:
    """`moment` as RFC 3339 in UTC with a `Z`, microseconds kept only when there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_utc(text: str) -> datetime:
    """Read what `format_utc` wrote. Raises ValueError for a malformed or naive moment."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)


def parse_day(text: str) -> date:
    """A calendar day written YYYY-MM-DD. Raises BadInput that shows the form."""
    try:
        day: date | None = date.fromisoformat(text)
    except ValueError:
        day = None
    # Python also reads the other forms of ISO 8601, such as 20230601 and 2023-W22-4.
    if day is None or day.isoformat() != text:
        raise BadInput(
            f"{text!r} is not a day.", hint="Write it as YYYY-MM-DD, for example 2023-06-01."
        )
    return day


def to_microseconds(moment: datetime) -> int:
    """An aware moment as whole microseconds since 1970, the form in which databases keep it."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_microseconds(value: int) -> datetime:
    """The moment that `to_microseconds` wrote, in UTC."""
    return _EPOCH + timedelta(microseconds=value)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
