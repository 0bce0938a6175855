"""What arguments may be, and how they are written into a request. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

Day: TypeAlias = date | str
"""A day: a `date`, or YYYY-MM-DD."""
Moment: TypeAlias = datetime | str
"""A moment: a `datetime` with its offset, or RFC 3339 text."""
DayOrMoment: TypeAlias = date | datetime | str
Number: TypeAlias = Decimal | int | float
Name: TypeAlias = str | int
"""A symbol in any case, an id, a slug."""
Names: TypeAlias = str | int | Sequence[str | int]
"""One name, or several."""


class Left(Enum):
    """What an argument of a change is that was not given: the member stays as it is, where None
    would clear it.
    """

    AS_IT_IS = "left as it is"


def format_value(value: object) -> str:
    """One argument as it stands in a URL. Raises ValueError for a moment without offset."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no offset; pass an aware datetime, e.g. with UTC")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(format_value(item) for item in value)
    return str(value)


def format_target(path: str, named: Mapping[str, object], query: Mapping[str, object]) -> str:
    """Path and query of a request. Null arguments are left out. Raises ValueError for an empty
    name, which would ask for another path.
    """
    written = {}
    for name, value in named.items():
        text = format_value(value)
        # A dot segment is resolved on the way and would name another resource.
        if text in ("", ".", ".."):
            raise ValueError(f"{name} is {text!r}")
        written[name] = quote(text, safe="")
    pairs = {name: format_value(value) for name, value in query.items() if value is not None}
    target = path.format_map(written)
    return f"{target}?{urlencode(pairs, quote_via=quote)}" if pairs else target


def write_member(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    """One member of a body as JSON: decimals and times as text, as the API's answers have them."""
    if isinstance(value, Mapping):
        return {str(name): write_member(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [write_member(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return format_value(value)
