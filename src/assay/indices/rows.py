"""One index on one day as the row that is sealed and served, and a row as the state it says.

Pure. What is published is the state: the next day goes on from these very decimals. The fields are
documented in `docs/method/indices.md`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import fsum, isfinite

from assay.indices.compute.deciding import Decision, View, is_scheduled
from assay.indices.types import (
    BASE_LEVEL,
    CashRule,
    Holding,
    Json,
    Orders,
    RankBy,
    RuleBook,
    State,
    Target,
    Trade,
)
from assay.markets.types import BITCOIN
from assay.publishing import format_decimal, format_price

AMOUNT_DIGITS = 12

Past = Callable[[int], Json | None]
"""The row of the index n days ago; None where there is none."""


@dataclass(frozen=True, slots=True)
class Position:
    """A state and what goes on with it: first day, exposure and rule share last ordered."""

    state: State
    start: date
    exposure: float
    rule_share: float | None


def read_position(row: Json | None, view: View) -> Position:
    """What an index held after the close of the row's day; the base level in cash without a row."""
    if row is None:
        state = State(BASE_LEVEL, {}, BASE_LEVEL, BASE_LEVEL, 0.0, 0.0, None)
        return Position(state, view.day, 0.0, None)
    holdings = {int(item["token_id"]): _read_holding(item, view) for item in row["holdings"]}
    state = State(
        cash=float(row["cash"]),
        holdings=dict(sorted(holdings.items())),
        level=float(row["level"]),
        peak=float(row["peak"]),
        turnover=float(row["turnover"]),
        costs=float(row["costs"]),
        orders=_read_orders(row["orders"]),
    )
    share = row["rule_share"]
    return Position(
        state,
        date.fromisoformat(row["start"]),
        float(row["exposure"]),
        None if share is None else float(share),
    )


def create_row(
    book: RuleBook,
    position: Position,
    trades: Sequence[Trade],
    decision: Decision,
    view: View,
    past: Past,
) -> Json:
    """The row of the day; `position` is that after the day's fills."""
    state = position.state
    level = state.level
    orders = decision.orders
    name, size_name = _name(book, view)
    return {
        "index_id": book.index_id,
        "slug": book.slug,
        "ticker": book.ticker,
        "name": name,
        "type": book.type,
        "words": book.words,
        "size_by": size_name,
        "rules_digest": book.digest,
        "rules": book.document,
        "start": position.start.isoformat(),
        "level": format_decimal(level, 6),
        **{f"return_{days}d": _compare(level, past(days)) for days in (1, 7, 30)},
        "return_all": format_decimal(level / BASE_LEVEL - 1.0, 6),
        "benchmarks": _set_beside(position.start, view),
        "peak": format_decimal(state.peak, 6),
        "drawdown": format_decimal(min(level / state.peak - 1.0, 0.0), 6),
        "turnover": format_decimal(state.turnover, 6),
        "costs": format_decimal(state.costs, 6),
        "coins": len(state.holdings),
        "cash": format_decimal(state.cash, 10),
        "cash_share": format_decimal(state.cash / level, 6),
        "exposure": format_decimal(position.exposure if orders is None else orders.exposure, 4),
        "rule_share": _format_share(position.rule_share if orders is None else decision.rule_share),
        "volume_usd": _sum_volumes(state, view),
        "regime": None if book.cash is None else _describe_regime(book.cash, decision, view),
        "holdings": [
            _format_holding(key, item, level, view) for key, item in _by_value(state, view)
        ],
        "transactions": [_format_trade(trade, view) for trade in trades],
        "orders": None if orders is None else _format_orders(orders, view),
        "rebalanced": bool(trades),
        "next_rebalance": _find_next(book, position.start, view.day).isoformat(),
        "note": decision.note,
        "no_view": None,
    }


def describe_rule(rule: CashRule) -> str:
    """The cash rule in one sentence."""
    means = ", ".join(str(days) for days in rule.means)
    always = f"{rule.floor:.0%} is always invested; " if rule.floor > 0.0 else ""
    return (
        f"{always}{'the rest' if always else 'all'} in {len(rule.means)} equal parts, one for each"
        f" mean of the equal-weight market ({means} days) that it stands above; a part turns when"
        f" the market is {rule.band:.1%} beyond its mean."
    )


def _name(book: RuleBook, view: View) -> tuple[str, str]:
    size_name = view.features.sizes(view.column, book.basket.count)[1]
    by_size = book.basket.rank_by is RankBy.SIZE
    return (f"{book.name} by {size_name}" if by_size else book.name), size_name


def _read_holding(item: Json, view: View) -> Holding:
    unit = view.units_before[view.row(int(item["token_id"]))]
    return Holding(
        amount=float(item["amount"]) / unit,
        entry_price=float(item["entry_price"]) * unit,
        entered=date.fromisoformat(item["entered"]),
    )


def _read_orders(orders: Json | None) -> Orders | None:
    if orders is None:
        return None
    return Orders(
        why=orders["why"],
        exposure=float(orders["exposure"]),
        targets=tuple(
            Target(int(item["token_id"]), float(item["weight"]), item["reason"])
            for item in orders["targets"]
        ),
    )


def _by_value(state: State, view: View) -> list[tuple[int, Holding]]:
    return sorted(
        state.holdings.items(),
        key=lambda item: (-item[1].amount * view.prices[view.row(item[0])], item[0]),
    )


def _format_amount(value: float) -> str:
    text = format(Decimal(f"{value:.{AMOUNT_DIGITS - 1}e}"), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _name_token(token_id: int, view: View) -> Json:
    token = view.tokens[token_id]
    return {"token_id": token_id, "symbol": token.symbol, "name": token.name}


def _format_holding(token_id: int, holding: Holding, level: float, view: View) -> Json:
    row = view.row(token_id)
    price, unit = view.prices[row], view.units[row]
    return {
        **_name_token(token_id, view),
        "weight": format_decimal(holding.amount * price / level, 6),
        "price": format_price(price / unit),
        "amount": _format_amount(holding.amount * unit),
        "entry_price": format_price(holding.entry_price / unit),
        "entered": holding.entered.isoformat(),
        "return": format_decimal(price / holding.entry_price - 1.0, 6),
    }


def _format_trade(trade: Trade, view: View) -> Json:
    unit = view.units[view.row(trade.token_id)]
    return {
        **_name_token(trade.token_id, view),
        "action": "buy" if trade.is_buy else "sell",
        "weight_from": format_decimal(trade.weight_from, 6),
        "weight_to": format_decimal(trade.weight_to, 6),
        "price": format_price(trade.price / unit),
        "amount": _format_amount(trade.amount * unit),
        "value": format_decimal(trade.value, 6),
        "cost": format_decimal(trade.cost, 6),
        "reason": trade.reason,
    }


def _format_orders(orders: Orders, view: View) -> Json:
    return {
        "why": orders.why,
        "exposure": format_decimal(orders.exposure, 4),
        "targets": [
            {
                **_name_token(target.token_id, view),
                "weight": format_decimal(target.weight, 6),
                "reason": target.reason,
            }
            for target in orders.targets
        ],
    }


def _set_beside(start: date, view: View) -> Json:
    """What one would have by holding Bitcoin, or all coins in equal parts, from the same start."""
    features, column = view.features, view.column
    first = features.panel.column(start)
    bitcoin = features.rows.get(BITCOIN)
    series = {
        "bitcoin": None if bitcoin is None else features.filled[bitcoin],
        "equal_weight": features.level,
    }
    return {
        name: None
        if values is None
        else format_decimal(BASE_LEVEL * float(values[column] / values[first]), 6)
        for name, values in series.items()
    }


def _compare(level: float, earlier: Mapping[str, str] | None) -> str | None:
    if earlier is None:
        return None
    return format_decimal(level / float(earlier["level"]) - 1.0, 6)


def _format_share(share: float | None) -> str | None:
    return None if share is None else format_decimal(share, 6)


def _sum_volumes(state: State, view: View) -> str | None:
    panel = view.features.panel
    rows = [view.row(key) for key in state.holdings]
    traded = panel.close[rows, view.column] * panel.volume[rows, view.column]
    return format_decimal(fsum(value for value in traded.tolist() if isfinite(value)), 0)


def _describe_regime(rule: CashRule, decision: Decision, view: View) -> Json:
    level, column = view.features.level, view.column
    means = []
    for days in rule.means:
        mean, votes = view.features.votes(days, rule.band)
        known = float(mean[column])
        ratio = float(level[column]) / known - 1.0
        means.append(
            {
                "days": days,
                "market_above_mean": format_decimal(ratio, 6),
                "counts_as_above": bool(votes[column]),
            }
        )
    share = decision.rule_share
    state = "invested" if share >= 1.0 else "cash" if share <= 0.0 else "partly invested"
    return {
        "state": state,
        "invested": format_decimal(share, 4),
        "means": means,
        "rule": describe_rule(rule),
    }


def _find_next(book: RuleBook, start: date, day: date) -> date:
    following = day + timedelta(days=1)
    while not is_scheduled(book, start, following):
        following += timedelta(days=1)
    return following
