"""Answers about facts: tokens, and rows that imports turned away."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from assay.api import schemas
from assay.api.answers.common import choose_day, find_token, write_envelope, write_json
from assay.api.answers.lists import Found, number_rows, read_cursor
from assay.api.answers.published import find_ids
from assay.api.cursors import fingerprint
from assay.api.kinds.facts import Quarantined, QuarantineQuery, TokensQuery
from assay.api.listing import select_rows, sort_rows
from assay.api.parameters import AsOfQuery
from assay.api.sealed import Content
from assay.api.state import ApiState, Facts
from assay.markets.types import Token

_TOKEN = tuple(field.name for field in fields(Token))


def find_tokens(state: ApiState, facts: Facts, query: TokensQuery) -> Found:
    """All tokens that had begun by `as_of`."""
    scope = fingerprint("tokens", query.name_filters())
    cursor = read_cursor(query, scope)
    as_of = choose_day(facts, query.as_of, cursor)
    rows = [list_members(token) for token in facts.registry.tokens(as_of)]
    kept = select_rows(rows, query, find_ids(facts, query.symbol, as_of))
    return Found(
        row=schemas.Token,
        name="tokens",
        scope=scope,
        anchor=as_of.isoformat(),
        as_of=as_of,
        read=number_rows(sort_rows(kept, query, {})),
        explain=lambda: (
            f"None of the {len(rows)} tokens known as of {as_of} passes the filters; "
            "loosen or drop one."
        ),
        position=None if cursor is None else cursor.position,
    )


def list_members(token: Token) -> Mapping[str, Any]:
    """A token as a row."""
    return {name: getattr(token, name) for name in _TOKEN}


def answer_token(facts: Facts, name: str, query: AsOfQuery) -> Content:
    """One token and the names it had borne by `as_of`."""
    as_of = choose_day(facts, query.as_of)
    token = find_token(facts.registry, name, as_of)
    tickers = facts.registry.record(token.token_id).tickers
    detail = asdict(token) | {"tickers": [t for t in tickers if t.first_day <= as_of]}
    return write_envelope(write_json(detail), as_of)


def count_quarantine(state: ApiState) -> str:
    """How many rows were ever turned away; grows exactly when the list does."""
    return f"{state.markets.list_quarantine(state.home).height} rows"


def find_quarantine(state: ApiState, facts: Facts, query: QuarantineQuery) -> Found:
    """Every row that an import turned away, by venue, interval, symbol and time."""
    scope = fingerprint("quarantine", query.name_filters())
    cursor = read_cursor(query, scope)
    rows = state.markets.list_quarantine(state.home).to_dicts()
    empty = "No import has turned a row away."
    if rows:
        empty = f"None of the {len(rows)} rows in quarantine passes the filters; drop one."
    return Found(
        row=Quarantined,
        name="quarantine",
        scope=scope,
        anchor="",
        as_of=None,
        read=number_rows(select_rows(rows, query)),
        explain=lambda: empty,
        position=None if cursor is None else cursor.position,
    )
