"""Refusals of the face, in Binance's words, and the HTTP status that goes with a code.

Source: Binance's "Error codes" (binance-spot-api-docs/errors.md).
"""

from typing import Final

from assay.exchange.types import Refusal

_STATUS: Final = {-2014: 401, -2015: 401, -1003: 429, -1015: 429, -1001: 503, -1008: 503}


def find_status(code: int) -> int:
    """The HTTP status that Binance sends with a code."""
    return _STATUS.get(code, 400)


def missing(name: str) -> Refusal:
    """A parameter that must be there is not, or cannot be read."""
    return Refusal(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def illegal(name: str, legal: str) -> Refusal:
    """A parameter holds what it may not."""
    return Refusal(
        -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    )
