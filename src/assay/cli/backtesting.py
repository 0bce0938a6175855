"""Back-tests as documents: facts and parameters into the matrices of the backtest room, and what it
answers into plain values. Nothing is published; every number comes from recorded candles.
"""

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay import backtest, indices, markets
from assay.api import (
    BacktestParameters,
    IndexParameters,
    SignalsParameters,
    Spell,
    SweepParameters,
    WeightsParameters,
)
from assay.kit.errors import BadInput, NotEnoughData, NotFound
from assay.kit.jobs import JobContext
from assay.markets.types import Panel, Registry

Matrix = NDArray[np.float64]
Json = dict[str, Any]

DIGITS = 10
_NOTE = "A back-test, not advice: fills at recorded closes, with the costs stated here."


@dataclass(frozen=True)
class Cut:
    """The facts of some tokens from one day to another: closes and dollar volumes [tokens, days]
    that run smoothly through redenominations, and the column of each token's last bar.
    """

    symbols: Sequence[str]
    token_ids: Sequence[int]
    start: date
    end: date
    closes: Matrix
    volume_usd: Matrix
    last_bars: NDArray[np.int64]
    benchmark: Matrix

    def column(self, day: date) -> int:
        """Where a day stands. Raises BadInput outside the window."""
        if not self.start <= day <= self.end:
            raise BadInput(
                f"{day} lies outside {self.start} to {self.end}.",
                hint="Widen from and to, or leave them out.",
            )
        return (day - self.start).days


def run_backtest(context: JobContext, parameters: BacktestParameters) -> Json:
    """The document of a back-test."""
    wanted = parameters.backtest
    if isinstance(wanted, IndexParameters):
        return _follow_index(context, wanted)
    context.step("Reading facts", 0, 2)
    registry, panel = markets.load_registry(context.home), markets.load_panel(context.home)
    context.step("Back-testing", 1, 2)
    found = describe_backtest(registry, panel, wanted)
    context.step("Back-testing", 2, 2)
    return found


def describe_backtest(
    registry: Registry,
    panel: Panel,
    wanted: WeightsParameters | SignalsParameters | SweepParameters,
) -> Json:
    """The document of a back-test over these facts. Raises BadInput, NotFound, NotEnoughData."""
    if isinstance(wanted, WeightsParameters):
        found = _follow_weights(registry, panel, wanted)
    elif isinstance(wanted, SignalsParameters):
        found = _follow_signals(registry, panel, wanted)
    else:
        found = _sweep(registry, panel, wanted)
    return {"strategy": wanted.strategy, "note": _NOTE, **found}


def cut_facts(registry: Registry, panel: Panel, symbols: Sequence[str], spell: Spell) -> Cut:
    """The facts of a window; symbols are read on its last day. Raises BadInput for a token named
    twice, NotFound for an unknown one, NotEnoughData for an empty window.
    """
    newest = panel.complete_through
    start, end = spell.start or panel.first_day, spell.end or newest
    if end > newest or start < panel.first_day:
        raise NotEnoughData(
            f"There are facts from {panel.first_day} to {newest} only.",
            hint="Choose from and to within, or import candles.",
        )
    tokens = [registry.resolve(symbol, end) for symbol in symbols]
    ids = [int(token.token_id) for token in tokens]
    if len(set(ids)) < len(ids):
        raise BadInput("Two of the symbols mean the same token.", hint="Name each token once.")
    rows = [panel.row(token_id) for token_id in ids]
    first, last = panel.column(start), panel.column(end)
    inside = slice(first, last + 1)
    closes = panel.close[rows, inside] * panel.unit[rows, inside]
    volume = panel.close[rows, inside] * panel.volume[rows, inside]
    return Cut(
        symbols=[token.symbol for token in tokens],
        token_ids=ids,
        start=start,
        end=end,
        closes=closes,
        volume_usd=volume,
        last_bars=_find_ends(panel, rows, first, last),
        benchmark=_grow(registry, panel, end)[inside],
    )


def _grow(registry: Registry, panel: Panel, day: date) -> Matrix:
    """Daily returns of Bitcoin [days of the panel]; NaN throughout where there is none."""
    growth = np.full(panel.n_days, np.nan)
    with contextlib.suppress(NotFound):
        row = panel.row(int(registry.resolve("BTC", day).token_id))
        price = panel.close[row] * panel.unit[row]
        growth[1:] = price[1:] / price[:-1] - 1.0
    return growth


def _find_ends(panel: Panel, rows: Sequence[int], first: int, last: int) -> NDArray[np.int64]:
    """Column in the window of each token's last bar; beyond it for one that trades on."""
    newest = panel.column(panel.complete_through)
    known = np.isfinite(panel.close[rows, : newest + 1])
    ends = newest - known[:, ::-1].argmax(axis=1)
    trades_on = (ends >= newest) | (ends > last)
    found: NDArray[np.int64] = np.where(trades_on, last - first + 1, ends - first)
    return found


def _follow_weights(registry: Registry, panel: Panel, wanted: WeightsParameters) -> Json:
    named = sorted({symbol for target in wanted.targets for symbol in target.weights})
    if not named:
        raise BadInput("No target names a symbol.", hint='For example {"BTC": 0.5, "ETH": 0.5}.')
    cut = cut_facts(registry, panel, named, wanted)
    weights = np.full(cut.closes.shape, np.nan)
    days = [target.day for target in wanted.targets]
    if days != sorted(set(days)):
        raise BadInput("The targets are not in the order of their days.", hint="One for each day.")
    for target in wanted.targets:
        # What a target does not name is sold.
        weights[:, cut.column(target.day)] = [target.weights.get(name, 0.0) for name in named]
    run = backtest.run_weights(
        cut.closes,
        weights,
        volume_usd=cut.volume_usd if wanted.impact_bps else None,
        fee_bps=wanted.fee_bps,
        slippage_bps=wanted.slippage_bps,
        impact_bps=wanted.impact_bps,
        lag=wanted.lag,
        cash=wanted.cash_rate,
        capital_usd=wanted.capital_usd,
        leverage=wanted.leverage,
        last_bars=cut.last_bars,
    )
    return {
        **_describe(cut),
        "metrics": _measure(run.returns, cut.benchmark),
        "benchmark": _measure(cut.benchmark),
        "unfilled_orders": int(run.unfilled.sum()),
        "total_cost": _round(float(np.nansum(run.cost))),
        "total_turnover": _round(float(np.nansum(run.turnover))),
        "equity": [_round(value) for value in run.equity],
        "turnover": [_round(value) for value in run.turnover],
        "cash": [_round(value) for value in run.cash],
    }


def _follow_signals(registry: Registry, panel: Panel, wanted: SignalsParameters) -> Json:
    cut = cut_facts(registry, panel, list(wanted.signals), wanted)
    signals = np.full(cut.closes.shape, np.nan)
    for row, by_day in enumerate(wanted.signals.values()):
        for day, value in by_day.items():
            signals[row, cut.column(day)] = value
    returns = backtest.run_signals(
        cut.closes,
        signals,
        fee_bps=wanted.fee_bps,
        slippage_bps=wanted.slippage_bps,
        lag=wanted.lag,
        allow_short=wanted.allow_short,
        last_bars=cut.last_bars,
    )
    held = backtest.run_signals(
        cut.closes, np.ones(cut.closes.shape), fee_bps=0.0, slippage_bps=0.0,
        last_bars=cut.last_bars,
    )  # fmt: skip
    rows = [
        {
            "token_id": token_id,
            "symbol": symbol,
            "metrics": _measure(daily, cut.benchmark),
            "holding": _measure(still),
        }
        for token_id, symbol, daily, still in zip(
            cut.token_ids, cut.symbols, returns, held, strict=True
        )
    ]
    return {**_describe(cut), "tokens": rows}


def _sweep(registry: Registry, panel: Panel, wanted: SweepParameters) -> Json:
    cut = cut_facts(registry, panel, wanted.symbols, wanted)
    pairs = [
        (quick, calm)
        for quick in sorted(set(wanted.fast))
        for calm in sorted(set(wanted.slow))
        if quick < calm
    ]
    found = backtest.sweep_crosses(
        cut.closes,
        [quick for quick, _ in pairs],
        [calm for _, calm in pairs],
        fee_bps=wanted.fee_bps,
        slippage_bps=wanted.slippage_bps,
        lag=wanted.lag,
        details=True,
    )
    if found.sharpe is None or found.max_drawdown is None or found.trades is None:
        raise TypeError("details were asked for")
    rows = [
        {
            "fast": quick,
            "slow": calm,
            "symbol": symbol,
            "total_return": _round(found.total_return[place, asset]),
            "sharpe": _round(found.sharpe[place, asset]),
            "max_drawdown": _round(found.max_drawdown[place, asset]),
            "trades": int(found.trades[place, asset]),
        }
        for place, (quick, calm) in enumerate(pairs)
        for asset, symbol in enumerate(cut.symbols)
    ]
    tried = "The best of many pairs looks better than it is: it was chosen on the same days."
    return {**_describe(cut), "warning": tried, "pairs": len(pairs), "rows": rows}


def _follow_index(context: JobContext, wanted: IndexParameters) -> Json:
    own = indices.follow_own(context.home, context.database, wanted.rules, context.clock, context)
    figures = indices.measure_own(own)
    levels = np.array([float(level) for level in own.levels])
    returns = np.full(levels.size, np.nan)
    returns[1:] = levels[1:] / levels[:-1] - 1.0
    return {
        "strategy": wanted.strategy,
        "note": _NOTE,
        "slug": own.slug,
        "from": own.start.isoformat(),
        "to": own.last_day.isoformat(),
        "metrics": _measure(returns),
        "months": [
            {"year": year, "month": month, "return": _round(value)}
            for year, month, value in figures.months
        ],
        "levels": list(own.levels),
        "newest": own.newest,
    }


def _describe(cut: Cut) -> Json:
    return {
        "from": cut.start.isoformat(),
        "to": cut.end.isoformat(),
        "symbols": list(cut.symbols),
        "token_ids": list(cut.token_ids),
    }


def _measure(returns: Matrix, benchmark: Matrix | None = None) -> Mapping[str, Any]:
    found = asdict(backtest.compute_metrics(returns, benchmark))
    return {name: _round(value) for name, value in found.items()}


def _round(value: float | None) -> float | int | None:
    """A plain number of 10 significant digits; null where it is undefined."""
    if value is None or isinstance(value, int):
        return value
    plain = float(value)
    return float(f"{plain:.{DIGITS}g}") if math.isfinite(plain) else None
