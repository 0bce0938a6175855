"""From facts and what was said to the row of every index; one path for published and own ones."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

from assay.indices.books import load_rule_books
from assay.indices.compute.accounting import Market, settle_day
from assay.indices.compute.deciding import Held, View, decide_orders
from assay.indices.compute.features import Features, compute_features
from assay.indices.rows import Past, Position, create_row, read_position
from assay.indices.types import KIND, Json, RankBy, RuleBook, State
from assay.ledger import canonical_json
from assay.markets.types import TokenKind
from assay.publishing import Judgement, Said
from assay.publishing.types import Facts

TRADER = "grades.trader"
INVESTOR = "grades.investor"
MOONSHOTS = "moonshots"
READS = (TRADER, INVESTOR, MOONSHOTS)

Series = NDArray[np.float64]
ReadRows = Callable[[str, date], Sequence[Json] | None]
"""What stands of a kind for a day: `Said.rows`, or the ledger for a user's own index."""


@dataclass(frozen=True)
class Watcher:
    """Makes the view of each day; the features are computed once over the whole panel."""

    facts: Facts
    features: Features

    def see(self, day: date, read: ReadRows) -> View:
        """The day as known at its close; what was said is read when a rule book asks for it."""
        features = self.features
        column = features.panel.column(day)
        return View(
            features=features,
            day=day,
            column=column,
            tokens={int(token.token_id): token for token in self.facts.tokens(day)},
            read_scores=cache(lambda by: read_scores(by, day, read, features.rows)),
            prices=features.filled[:, column].tolist(),
            units=features.panel.unit[:, column].tolist(),
            units_before=features.panel.unit[:, max(column - 1, 0)].tolist(),
        )


def create_watcher(facts: Facts) -> Watcher:
    """A watcher of the facts' panel; what a token is never changes, so the newest day tells."""
    coins = {
        int(token.token_id)
        for token in facts.tokens(facts.panel.last_day)
        if token.kind is TokenKind.COIN
    }
    return Watcher(facts, compute_features(facts.panel, coins))


def judge_days(days: Sequence[date], facts: Facts, said: Said) -> Iterator[Judgement]:
    """The rows of all public indices, one judgement a day.

    Path-dependent: each index goes on from its own row of the day before, as it was published; one
    without such a row begins that day at 1000 in cash.
    """
    books = load_rule_books()
    model = f"rules:{digest_books(books)}"
    watcher = create_watcher(facts)
    for day in days:
        view = watcher.see(day, said.rows)
        rows = [advance(book, view, _look_back(said, day, book.index_id)) for book in books]
        yield Judgement(day, rows, model)


def advance(book: RuleBook, view: View, past: Past) -> Json:
    """One day of one index: value what it holds, fill yesterday's orders, decide today's."""
    position = read_position(past(1), view)
    settled, trades = settle_day(
        position.state, _create_market(position.state, view), book.cost_rate
    )
    held = Held(
        weights=_weigh(settled, view),
        start=position.start,
        exposure=position.exposure,
        rule_share=position.rule_share,
    )
    decision = decide_orders(book, held, view)
    now = Position(settled, position.start, position.exposure, position.rule_share)
    return create_row(book, now, trades, decision, view, past)


def read_scores(by: RankBy, day: date, read: ReadRows, places: Mapping[int, int]) -> Series | None:
    """Published figures of a day in order of rows, NaN = no view; None if nothing stands."""
    kind = {RankBy.TRADER_GRADE: TRADER, RankBy.INVESTOR_GRADE: INVESTOR}.get(by, MOONSHOTS)
    rows = read(kind, day)
    if rows is None:
        return None
    values = np.full(len(places), np.nan)
    for item in rows:
        row = places.get(int(item["token_id"]))
        figure = _read_fall(item) if by is RankBy.FALL_RISK else item["grade"]
        if row is not None and figure is not None:
            values[row] = float(figure)
    return values


def digest_books(books: Sequence[RuleBook]) -> str:
    """12 hex digits over all rule books."""
    documents = [dict(book.document) for book in books]
    return hashlib.sha256(canonical_json(documents)).hexdigest()[:12]


def _read_fall(item: Json) -> str | None:
    fall: Mapping[str, str] | None = item.get("fall_80")
    return None if item.get("no_view") or fall is None else fall["probability"]


def _look_back(said: Said, day: date, index_id: int) -> Past:
    def past(days: int) -> Json | None:
        rows = said.rows(KIND, day - timedelta(days=days)) or ()
        return next((row for row in rows if row["index_id"] == index_id), None)

    return past


def _create_market(state: State, view: View) -> Market:
    """Prices of what is held or ordered; a holding has ended when its end was known and it has no
    bar, or when it had none for a week.
    """
    features, column = view.features, view.column
    ordered = state.orders.targets if state.orders else ()
    keys = sorted({*state.holdings, *(target.token_id for target in ordered)})
    prices: dict[int, float] = {}
    open_ids: set[int] = set()
    ended_ids: set[int] = set()
    for key in keys:
        row = view.row(key)
        prices[key] = view.prices[row]
        if features.has_bar[row, column]:
            open_ids.add(key)
        elif view.tokens[key].last_day is not None or features.has_ended(row, column):
            ended_ids.add(key)
    return Market(view.day, prices, open_ids, ended_ids)


def _weigh(state: State, view: View) -> dict[int, float]:
    return {
        key: holding.amount * view.prices[view.row(key)] / state.level
        for key, holding in state.holdings.items()
    }
