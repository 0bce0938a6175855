"""The figures of the whole market on every day of a panel."""

from dataclasses import dataclass

import numpy as np

from assay.factors import (
    compute_market_returns,
    compute_median_volumes,
    compute_universe,
    round_significant_values,
)
from assay.market_state.compute.breadth import (
    compute_share_above,
    compute_share_beating,
    count_extremes,
)
from assay.market_state.compute.correlations import compute_log_changes, compute_mean_correlations
from assay.market_state.compute.rules import (
    carry_signal,
    compute_components,
    compute_signal,
    compute_volatility_regimes,
    mix_components,
)
from assay.market_state.compute.totals import (
    choose_largest,
    compute_changes,
    compute_rising_volume,
    sum_columns,
)
from assay.market_state.compute.windows import (
    compute_drop,
    compute_trailing_mean,
    compute_trailing_ratio,
    compute_volatility,
)
from assay.market_state.types import (
    DOMINANCE_DAYS,
    KNOWN_SHARE,
    LONG_MEAN,
    MOMENTUM_DAYS,
    SHORT_MEAN,
    STRENGTH_DAYS,
    TOP,
    UP_VOLUME_DAYS,
    VOLATILITY_DAYS,
    YEAR,
    Flags,
    MarketSeries,
    Matrix,
    Series,
)
from assay.markets.types import Panel


@dataclass(frozen=True, slots=True)
class Coins:
    """What every figure starts from, [tokens, days]: closes that run through redenominations,
    dollar volume, its 30-day median, who is a coin and who is in the universe.
    """

    close: Matrix
    volume_usd: Matrix
    median_volume: Matrix
    is_coin: Flags
    universe: Flags


def prepare_coins(panel: Panel, is_coin: Flags) -> Coins:
    """Arrays of a panel; `is_coin` [tokens]."""
    quoted = np.ascontiguousarray(panel.close)
    median = compute_median_volumes(quoted, panel.volume)
    return Coins(
        close=np.ascontiguousarray(panel.close * panel.unit),
        volume_usd=np.ascontiguousarray(panel.close * panel.volume),
        median_volume=median,
        is_coin=is_coin,
        universe=compute_universe(quoted, median, is_coin),
    )


def compute_market(
    coins: Coins, btc_row: int | None, market_cap: Matrix | None = None
) -> MarketSeries:
    """All figures of every day. `btc_row` is where Bitcoin stands (None: nowhere)."""
    days = coins.close.shape[1]
    nothing = np.full(days, np.nan)
    btc_close = nothing if btc_row is None else coins.close[btc_row]
    btc_volume = nothing if btc_row is None else coins.volume_usd[btc_row]
    everyone = np.broadcast_to(coins.is_coin[:, None], coins.close.shape)
    largest = choose_largest(coins.median_volume, coins.universe, TOP)
    returns = compute_market_returns(coins.close, coins.universe)
    level = _accumulate(returns)
    volatility = np.stack(
        [compute_volatility(returns, n, int(KNOWN_SHARE * n), YEAR) for n in VOLATILITY_DAYS]
    )
    volume = sum_columns(coins.volume_usd, everyone)
    breadth = compute_share_above(coins.close, coins.universe, SHORT_MEAN)
    dominance = compute_trailing_ratio(btc_volume, volume, DOMINANCE_DAYS)
    signal = compute_signal(breadth, level)
    last_signal, signal_since = carry_signal(signal)
    percentile, regime, regime_since = compute_volatility_regimes(volatility[1])
    components = compute_components(
        round_significant_values(
            np.stack(
                [
                    btc_close / compute_trailing_mean(btc_close, MOMENTUM_DAYS, 72),
                    compute_drop(level, STRENGTH_DAYS, MOMENTUM_DAYS),
                    -volatility[1],
                    breadth,
                    _compute_up_volume(coins),
                    -dominance,
                ]
            )
        )
    )
    changes = compute_log_changes(coins.close)
    correlation, correlated = compute_mean_correlations(changes, largest)
    highs, lows = count_extremes(coins.close, coins.universe)
    caps = _sum_caps(market_cap, everyone, btc_row, days)
    return MarketSeries(
        volume=volume,
        top_volume=sum_columns(coins.volume_usd, largest),
        market_cap=caps[0],
        top_market_cap=caps[1],
        btc_cap_share=caps[2],
        btc_volume_share=dominance,
        members=np.asarray(coins.universe.sum(axis=0)),
        above_short=breadth,
        above_long=compute_share_above(coins.close, coins.universe, LONG_MEAN),
        highs=highs,
        lows=lows,
        beating_btc=compute_share_beating(coins.close, coins.universe, btc_close),
        level=level,
        volatility=volatility,
        correlation=correlation,
        correlated=correlated,
        signal=signal,
        last_signal=last_signal,
        signal_since=signal_since,
        percentile=percentile,
        regime=regime,
        regime_since=regime_since,
        components=components,
        fear_and_greed=mix_components(components),
    )


def _accumulate(returns: Series) -> Series:
    """Sum of the returns so far, in the order of time; NaN where the day's is unknown."""
    level = np.cumsum(np.nan_to_num(returns))
    return np.asarray(np.where(np.isnan(returns), np.nan, level))


def _compute_up_volume(coins: Coins) -> Series:
    rising, both = compute_rising_volume(
        coins.volume_usd, compute_changes(coins.close), coins.universe
    )
    return compute_trailing_ratio(rising, both, UP_VOLUME_DAYS)


def _sum_caps(
    market_cap: Matrix | None, everyone: Flags, btc_row: int | None, days: int
) -> tuple[Series, Series, Series]:
    if market_cap is None:
        nothing = np.full(days, np.nan)
        return nothing, nothing, nothing
    total = sum_columns(market_cap, everyone)
    top = sum_columns(market_cap, choose_largest(market_cap, everyone, TOP))
    own = np.full(days, np.nan) if btc_row is None else market_cap[btc_row]
    return total, top, np.asarray(own / total)
