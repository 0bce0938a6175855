"""What an index shall hold: from a rule book, what it holds and one day's view, to orders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum

import numpy as np
from numpy.typing import NDArray

from assay.indices.compute.caps import floor_weights
from assay.indices.compute.features import Features
from assay.indices.compute.selecting import choose_members, leave_out_largest, rank_rows
from assay.indices.compute.weighting import (
    compute_returns,
    compute_scale,
    mix_returns,
    size_sleeve,
    weigh_members,
)
from assay.indices.types import GRADED, Basket, Orders, RankBy, RuleBook, Target
from assay.markets.types import Token

Series = NDArray[np.float64]
Flags = NDArray[np.bool_]

SCORE_NAMES = {
    RankBy.TRADER_GRADE: "Trader Grade",
    RankBy.INVESTOR_GRADE: "Investor Grade",
    RankBy.FALL_RISK: "risk of an 80 % fall",
}


@dataclass(frozen=True)
class View:
    """One day as an index sees it: the features up to its column, the tokens as known then (by id),
    and `read_scores` for what was said of them ([tokens], NaN = no view; None: nothing stands).

    The lists are in order of rows: last price known (continuous through redenominations), and the
    redenomination factor of the day and of the day before.
    """

    features: Features
    day: date
    column: int
    tokens: Mapping[int, Token]
    read_scores: Callable[[RankBy], Series | None]
    prices: Sequence[float]
    units: Sequence[float]
    units_before: Sequence[float]

    @property
    def row_ids(self) -> NDArray[np.int64]:
        """Token ids in order of rows."""
        return self.features.panel.token_ids

    def row(self, token_id: int) -> int:
        """Where a token stands."""
        return self.features.rows[token_id]


@dataclass(frozen=True, slots=True)
class Held:
    """What the decision knows of the index: weights of its holdings by token id, its first day, the
    exposure last ordered and the share of it that the cash rule gave (None before the first
    orders).
    """

    weights: Mapping[int, float]
    start: date
    exposure: float
    rule_share: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Orders (None: nothing to do), the cash rule's share of the day, and why nothing could be
    decided although it was due.
    """

    orders: Orders | None
    rule_share: float
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    rows: list[int]
    weights: list[float]
    name: str


def decide_orders(book: RuleBook, held: Held, view: View) -> Decision:
    """The orders of a day: a new basket on a scheduled day and at first; the same basket, larger or
    smaller, when the cash rule's share changes in between.
    """
    rules = book.cash
    share = 1.0 if rules is None else view.features.invested_share(rules, view.column)
    changed = held.rule_share is not None and abs(share - held.rule_share) > 1e-6
    if held.rule_share is None:
        return _order_basket(book, held, view, share, "first purchase")
    if is_scheduled(book, held.start, view.day):
        return _order_basket(book, held, view, share, "scheduled")
    if not changed:
        return Decision(None, share)
    why = f"the cash rule now invests {share:.0%}"
    if held.exposure <= 0.0 or not held.weights:
        return _order_basket(book, held, view, share, why)
    return Decision(_resize(held, view, held.exposure * share / held.rule_share, why), share)


def _order_basket(book: RuleBook, held: Held, view: View, share: float, why: str) -> Decision:
    core = _fill_basket(book, book.basket, held, view, ())
    if core is None:
        missing = SCORE_NAMES[book.basket.rank_by]
        return Decision(None, share, f"No {missing} stands for this day: it kept what it held.")
    parts = [core] if book.sleeve is None else _add_sleeve(book, core, held, view)
    scale = 1.0
    if book.volatility is not None:
        scale = compute_scale(_mix(parts, view, book.volatility.days), book.volatility.annual)
    return Decision(Orders(why, share * scale, _target(parts, share * scale, view)), share)


def _resize(held: Held, view: View, exposure: float, why: str) -> Orders:
    """All holdings in the same proportion to each other; none whose end is announced is kept."""
    kept = {
        key: weight for key, weight in held.weights.items() if view.tokens[key].last_day is None
    }
    # A basket that grew since it was bought must not be stretched beyond what the rules invest.
    whole = max(fsum(held.weights.values()), held.exposure)
    weights = floor_weights([weight / whole * exposure for weight in kept.values()])
    targets = zip(kept, weights, strict=True)
    return Orders(why, exposure, tuple(Target(key, w, why) for key, w in targets if w > 0.0))


def is_scheduled(book: RuleBook, start: date, day: date) -> bool:
    """Whether the rule book rebalances at the close of `day`."""
    passed = (day - start).days - book.shift_days
    return passed >= 0 and passed % book.every_days == 0


def rank_basket(
    basket: Basket, view: View, excluded: tuple[int, ...]
) -> tuple[list[int], Series, str] | None:
    """Rows of who may be in, best first, what they are ranked by, and its name.

    None where nobody published what the basket is ranked by. Coins whose end is announced are left
    out. Without published fall risks the Investor Grade ranks.
    """
    features, column = view.features, view.column
    sizes, size_name = features.sizes(column, basket.count)
    eligible = _list_eligible(basket, view, sizes)
    eligible[list(excluded)] = False
    by = basket.rank_by
    if by is RankBy.SIZE:
        return rank_rows(sizes, eligible), sizes, size_name
    scores = view.read_scores(by)
    if scores is None and by is RankBy.FALL_RISK:
        by = RankBy.INVESTOR_GRADE
        scores = view.read_scores(by)
    if scores is None:
        return None
    ordered = -scores if by is RankBy.FALL_RISK else scores
    return rank_rows(ordered, eligible), scores, SCORE_NAMES[by]


def _list_eligible(basket: Basket, view: View, sizes: Series) -> Flags:
    features, column = view.features, view.column
    eligible = leave_out_largest(sizes, features.universe[:, column], basket.outside_top)
    if basket.minimum_volume_usd > 0.0:
        medians = np.nan_to_num(features.medians[:, column])
        eligible &= medians >= basket.minimum_volume_usd
    members = frozenset(basket.members)
    for row in np.flatnonzero(eligible).tolist():
        token = view.tokens.get(int(view.row_ids[row]))
        if token is None or token.last_day is not None:
            eligible[row] = False
        elif members:
            eligible[row] = token.symbol in members
    return eligible


def _fill_basket(
    book: RuleBook, basket: Basket, held: Held, view: View, excluded: tuple[int, ...]
) -> _Part | None:
    ranked = rank_basket(basket, view, excluded)
    if ranked is None:
        return None
    order, scores, name = ranked
    ids = view.row_ids
    holding = {row for row in order if int(ids[row]) in held.weights}
    rows = choose_members(order, holding, basket)
    if basket is not book.basket:
        return _Part(rows, [1.0 / len(rows) for _ in rows], name)
    before = [held.weights.get(int(ids[row]), 0.0) for row in rows]
    whole = fsum(before)
    weights = weigh_members(
        book,
        sizes=[float(view.features.sizes(view.column, basket.count)[0][row]) for row in rows],
        scores=[float(scores[row]) if basket.rank_by in GRADED else 0.0 for row in rows],
        returns=compute_returns(view.features.filled, rows, view.column, book.weights.days),
        previous=[weight / whole if whole > 0.0 else 0.0 for weight in before],
    )
    return _Part(rows, weights, name)


def _add_sleeve(book: RuleBook, core: _Part, held: Held, view: View) -> list[_Part]:
    rules = book.sleeve
    if rules is None:
        return [core]
    risky = _fill_basket(book, rules.basket, held, view, tuple(core.rows))
    if risky is None or not risky.rows:
        return [core]
    share = size_sleeve(_mix([core], view, rules.days), _mix([risky], view, rules.days), rules)
    return [
        _Part(core.rows, [weight * (1.0 - share) for weight in core.weights], core.name),
        _Part(risky.rows, [weight * share for weight in risky.weights], risky.name),
    ]


def _mix(parts: list[_Part], view: View, days: int) -> list[float]:
    rows = [row for part in parts for row in part.rows]
    weights = [weight for part in parts for weight in part.weights]
    return mix_returns(compute_returns(view.features.filled, rows, view.column, days), weights)


def _target(parts: list[_Part], exposure: float, view: View) -> tuple[Target, ...]:
    targets = [
        Target(int(view.row_ids[row]), weight, f"rank {rank} by {part.name}")
        for part in parts
        for rank, (row, weight) in enumerate(
            zip(part.rows, floor_weights([w * exposure for w in part.weights]), strict=True),
            start=1,
        )
        if weight > 0.0
    ]
    return tuple(sorted(targets, key=lambda target: target.token_id))
