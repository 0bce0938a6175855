"""Reads values out of material in the form the contract has them. Pure.

Published numbers are decimal strings; they become JSON numbers that print as the same decimal.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from assay.tokenmetrics.types import Material, Read

DAY_LENGTH = 10


def dig(material: Material, path: str) -> Any:  # noqa: ANN401 - whatever JSON holds there
    """The member at a dotted path; None where any step is missing or null."""
    value: Any = material
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def to_number(value: Any) -> int | float | None:  # noqa: ANN401 - a decimal string or a number
    """A decimal string or a number as a JSON number; NaN is missing."""
    if value is None or value != value:
        return None
    if isinstance(value, str):
        return int(value) if value.lstrip("-").isdecimal() else float(value)
    return float(value) if isinstance(value, float) else int(value)


def number(path: str) -> Read:
    """A number as it is."""
    return lambda material: to_number(dig(material, path))


def integer(path: str) -> Read:
    """A whole number; a column of an archive holds it as 1.0."""

    def read(material: Material) -> int | None:
        value = to_number(dig(material, path))
        return None if value is None else int(value)

    return read


def percent(path: str) -> Read:
    """A share as percent: 0.0123 is 1.23."""

    def read(material: Material) -> float | None:
        value = to_number(dig(material, path))
        return None if value is None else float(Decimal(repr(value)) * 100)

    return read


def text(path: str) -> Read:
    """A text as it is."""
    return lambda material: dig(material, path)


def digits(read: Read) -> Read:
    """The same number written as a string."""

    def write(material: Material) -> str | None:
        value = read(material)
        return None if value is None else format(Decimal(repr(value)), "f")

    return write


def day(path: str) -> Read:
    """A day as YYYY-MM-DD."""

    def read(material: Material) -> str | None:
        value = dig(material, path)
        return None if value is None else write_day(value)

    return read


def moment(path: str) -> Read:
    """A day or a moment as YYYY-MM-DDThh:mm:ss.000Z."""

    def read(material: Material) -> str | None:
        value = dig(material, path)
        return None if value is None else write_moment(value)

    return read


def nothing(_: Material) -> None:
    """A value that no fact and no publication has."""


def write_day(value: date | datetime | str) -> str:
    """The day of a date, a moment or either as text."""
    return (value if isinstance(value, str) else value.isoformat())[:DAY_LENGTH]


def write_moment(value: date | datetime | str) -> str:
    """A moment in UTC to the millisecond; a day is its beginning."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    return f"{value.isoformat()}T00:00:00.000Z"


def percent_change(now: float | None, before: float | None) -> float | None:
    """(now - before) / before in percent, two decimals, half away from zero: the contract's rule.

    None where either is missing or `before` is not above 0. Grades have two decimals, so the
    arithmetic is exact.
    """
    if now is None or before is None or before <= 0:
        return None
    ratio = (Decimal(repr(now)) - Decimal(repr(before))) / Decimal(repr(before)) * 100
    return float(ratio.quantize(Decimal("0.01"), ROUND_HALF_UP))


def reaches(value: float | None, least: Decimal | None) -> bool:
    """True if a number is at least `least`, or nothing is asked of it; a missing one is not."""
    return least is None or (value is not None and Decimal(repr(value)) >= least)
