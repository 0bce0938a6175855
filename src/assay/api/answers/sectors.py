"""Answers about sectors: which tokens the shipped lists mean."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from assay.api.answers.common import choose_day
from assay.api.answers.lists import Found, number_rows, read_cursor
from assay.api.cursors import fingerprint
from assay.api.kinds.sectors import Sector, SectorsQuery
from assay.api.state import ApiState, Facts
from assay.indices import load_sectors

NOTE = (
    "Sorted by hand afterwards, the dead coins included: a description of the coins, not something"
    " that was known at the time. Whoever stands in no list has no sector here."
)


def find_sectors(state: ApiState, facts: Facts, query: SectorsQuery) -> Found:
    """Every sector with the tokens that had begun by `as_of`, in the order of the lists."""
    scope = fingerprint("sectors", query.name_filters())
    cursor = read_cursor(query, scope)
    as_of = choose_day(facts, query.as_of, cursor)
    rows = [
        {"sector": name, "tokens": list_members(facts, tickers, as_of)}
        for name, tickers in load_sectors().items()
    ]
    return Found(
        row=Sector,
        name="sectors",
        scope=scope,
        anchor=as_of.isoformat(),
        as_of=as_of,
        read=number_rows(rows),
        explain=lambda: "No list of a sector ships.",
        position=None if cursor is None else cursor.position,
        repeated={"note": NOTE},
    )


def list_members(facts: Facts, tickers: Collection[str], as_of: date) -> list[Mapping[str, Any]]:
    """The tokens that had borne one of `tickers` by `as_of`, ascending by id."""
    wanted = set(tickers)
    return [
        {"token_id": token.token_id, "symbol": token.symbol}
        for token in facts.registry.tokens(as_of)
        if any(
            ticker.symbol in wanted and ticker.first_day <= as_of
            for ticker in facts.registry.record(token.token_id).tickers
        )
    ]
