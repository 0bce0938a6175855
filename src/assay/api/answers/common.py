"""Envelopes, days and names: what all answers share."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from assay.api.cursors import Cursor
from assay.api.formats.decimals import format_decimal
from assay.api.problems import suggest
from assay.api.sealed import Content
from assay.api.state import Facts
from assay.kit.errors import InFuture, NotFound
from assay.markets.types import Registry, Token


def write_envelope(
    data: bytes,
    as_of: date | datetime | None,
    *,
    publication: str | None = None,
    origin: str | None = None,
    vary: bytes = b"accept-encoding",
    **members: object,
) -> Content:
    """The one success shape around `data`, which goes in verbatim as the bytes given."""
    tail = orjson.dumps(
        {**members, "as_of": as_of, "publication": publication, "origin": origin},
        option=orjson.OPT_UTC_Z,
    )
    return Content(b'{"data":' + data + b"," + tail[1:], vary=vary)


def write_json(value: object) -> bytes:
    """JSON; dataclasses and decimals are understood."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z)


def write_rows(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows of a publication as the bytes that were sealed: keys sorted, no spaces."""
    return orjson.dumps(rows, option=orjson.OPT_SORT_KEYS)


def write_decimal(value: float | None) -> str | None:
    """The shortest decimal string that reads back as `value`; null for a missing one."""
    if value is None or value != value:
        return None
    return format_decimal(value)


def choose_day(facts: Facts, as_of: date | None, cursor: Cursor | None = None) -> date:
    """The day asked for, or the newest; where a list goes on, the day that it was cut from.

    Raises InFuture, and NotFound before the data.
    """
    newest, first = facts.newest_day, facts.panel.first_day
    if as_of is not None and as_of > newest:
        raise InFuture(
            f"{as_of} has not happened on the clock of the data.",
            hint=f"The newest complete day is {newest}.",
        )
    if as_of is not None and as_of < first:
        raise NotFound(
            f"There is no data for {as_of}.", hint=f"The first day of the data is {first}."
        )
    return (as_of or newest) if cursor is None else date.fromisoformat(cursor.anchor)


def clamp_day(facts: Facts, end: date | None) -> date:
    """The last day of a range: `end` kept within the data, or the newest day."""
    if end is None:
        return facts.newest_day
    return max(min(end, facts.newest_day), facts.panel.first_day)


def find_token(registry: Registry, name: str, as_of: date) -> Token:
    """The token that a symbol or an id meant at the close of `as_of`.

    Raises NotFound with close matches for an unknown name, and with the first day for one that had
    not begun.
    """
    if name.isascii() and name.isdecimal():
        token = registry.by_id(int(name[:18]), as_of)
        if token.first_day > as_of:
            raise NotFound(
                f"Token {token.token_id} did not trade by {as_of}.",
                hint=f"Its first day is {token.first_day}.",
            )
        return token
    try:
        return registry.resolve(name, as_of)
    except NotFound as error:
        wanted = name.strip().upper()
        known = {t.symbol: t.name for r in registry.records for t in r.tickers}
        if wanted in known:
            raise
        names = {text.upper(): symbol for symbol, text in known.items()}
        near = [names.get(text, text) for text in suggest(wanted, {**names, **known})]
        raise NotFound(
            f"No token has the symbol {name[:40]!r}.",
            hint=ask_for(near, "GET /v1/tokens lists all; ids work too."),
        ) from error


def ask_for(near: Sequence[str], otherwise: str) -> str:
    """The hint that names what is near, or another where nothing is."""
    return f"Did you mean {join_choices(near)}?" if near else otherwise


def join_choices(names: Sequence[str]) -> str:
    """`A`, `A or B`, `A, B or C`, each name once."""
    *others, last = dict.fromkeys(names)
    return f"{', '.join(others)} or {last}" if others else last


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no JSON form")
