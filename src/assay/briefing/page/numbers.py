"""Sealed decimal strings as people read them: units, signs, thousands. Pure.

Every function gives a dash for None. Rounding is half to even, on the decimal string itself.
"""

from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

MISSING = "–"
MINUS = "−"
_HALF_EVEN = Context(rounding=ROUND_HALF_EVEN)


def format_grade(value: str | None, places: int = 1) -> str:
    """A grade, with one decimal unless said otherwise: 72.1."""
    return MISSING if value is None else _round(Decimal(value), f".{places}f")


def format_change(value: str | None, places: int = 1) -> str:
    """Points with their sign: +12.3, −4.1, 0.0."""
    return MISSING if value is None else _sign(_round(Decimal(value), f"+.{places}f"))


def format_coefficient(value: str | None) -> str:
    """A number without a unit, two decimals: 0.51."""
    return MISSING if value is None else _sign(_round(Decimal(value), ".2f"))


def format_share(value: str | None, places: int = 0) -> str:
    """A fraction as a percentage: 0.2333 is 23 %."""
    return MISSING if value is None else _sign(_round(Decimal(value) * 100, f".{places}f") + " %")


def format_return(value: str | None, places: int = 1) -> str:
    """A simple return with its sign: +1.2 %."""
    return MISSING if value is None else _sign(_round(Decimal(value) * 100, f"+.{places}f") + " %")


def format_usd(value: str | None) -> str:
    """Dollars in short: $9.3bn, $812m, $34k."""
    if value is None:
        return MISSING
    amount = Decimal(value)
    for size, unit in ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (Decimal(10) ** 3, "k")):
        if amount >= size:
            scaled = amount / size
            return f"${_round(scaled, '.1f' if scaled < 100 else '.0f')}{unit}"
    return f"${_round(amount, '.0f')}"


def format_price(value: str | None, sign: str = "$", digits: int = 5) -> str:
    """A dollar price, small ones with `digits` significant digits: $42,067, $3.2140,
    $0.000012346.
    """
    if value is None:
        return MISSING
    price = Decimal(value)
    places = max(0, digits - 1 - price.adjusted()) if price else 0
    return sign + _round(price, f",.{places}f")


def format_day(value: str) -> str:
    """12 May 2022."""
    day = date.fromisoformat(value)
    return f"{day.day} {day:%B %Y}"


def format_short_day(value: str) -> str:
    """12 May 22, for tables."""
    day = date.fromisoformat(value)
    return f"{day.day} {day:%b %y}"


def count(number: int, singular: str, plural: str = "") -> str:
    """A number and its noun: 1 coin, 3 coins."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def _round(value: Decimal, form: str) -> str:
    """`value` in a format. The context of the process is anybody's: ccxt sets its rounding."""
    with localcontext(_HALF_EVEN):
        return format(value, form)


def _sign(text: str) -> str:
    """A true minus sign, and no sign before a zero."""
    return text.lstrip("+-") if not text.strip("+-0. %") else text.replace("-", MINUS)
