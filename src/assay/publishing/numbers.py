"""Numbers as the decimal strings that are sealed. Pure."""

from decimal import Decimal
from math import isfinite

PRICE_DIGITS = 8


def format_decimal(value: float, places: int) -> str | None:
    """`value` with a fixed number of decimals, rounded half to even on its exact binary value; zero
    has no sign. None for a missing or infinite value.
    """
    if not isfinite(value):
        return None
    text = f"{value:.{places}f}"
    return text[1:] if text[0] == "-" and not text.strip("-0.") else text


def format_price(value: float) -> str | None:
    """`value` with 8 significant digits and no exponent: 16541.77, 0.000012345678."""
    if not isfinite(value):
        return None
    text = format(Decimal(f"{value:.{PRICE_DIGITS - 1}e}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
