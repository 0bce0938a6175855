"""The names, formulas and lookbacks of the 30 technical indicators, in the order they are computed.

In the formulas `mean n`, `deviation n` (sample, n - 1), `highest n` and `lowest n` read the last n
bars; `average n` is exponential (starts at the first bar, moves by 2 / (n + 1) of each gap);
`smoothed 14` is Wilder's (moves by 1 / 14); `before n` is n bars ago. Sources: J. W. Wilder, *New
Concepts in Technical Trading Systems* (1978); G. Appel (MACD); J. Bollinger; D. Lambert, "Commodity
Channel Index", Commodities (1980); G. Lane (stochastic); J. Granville (on-balance volume).
"""

from assay.factors.types import Family, Indicator

_MOMENTUM, _TECHNICAL, _QUANT = Family.MOMENTUM, Family.TECHNICAL, Family.QUANT
_VOLATILITY, _LIQUIDITY = Family.VOLATILITY, Family.LIQUIDITY

INDICATORS = tuple(
    Indicator(name, family, formula, lookback, is_scale_free)
    for name, family, lookback, is_scale_free, formula in (
        ("return_1", _MOMENTUM, 2, True, "close / close before 1 - 1"),
        ("log_return_1", _MOMENTUM, 2, True, "log(close / close before 1)"),
        ("momentum_10", _MOMENTUM, 11, True, "close / close before 10 - 1"),
        ("momentum_30", _MOMENTUM, 31, True, "close / close before 30 - 1"),
        ("momentum_90", _MOMENTUM, 91, True, "close / close before 90 - 1"),
        ("moving_average_20", _TECHNICAL, 20, False, "mean 20 of close"),
        ("moving_average_50", _TECHNICAL, 50, False, "mean 50 of close"),
        ("moving_average_200", _TECHNICAL, 200, False, "mean 200 of close"),
        ("bollinger_upper_20", _TECHNICAL, 20, False, "mean 20 + 2 * deviation 20 of close"),
        ("bollinger_lower_20", _TECHNICAL, 20, False, "mean 20 - 2 * deviation 20 of close"),
        ("bollinger_position_20", _TECHNICAL, 20, True, "(close - lower) / (upper - lower)"),
        ("price_score_20", _QUANT, 20, True, "(close - mean 20) / deviation 20 of close"),
        ("highest_close_20", _TECHNICAL, 20, False, "highest 20 of close"),
        ("lowest_close_20", _TECHNICAL, 20, False, "lowest 20 of close"),
        (
            "stochastic_14",
            _TECHNICAL,
            14,
            True,
            "100 * (close - lowest 14 of low) / (highest 14 of high - lowest 14 of low)",
        ),
        (
            "commodity_channel_20",
            _TECHNICAL,
            20,
            True,
            "(typical - mean 20) / (0.015 * mean absolute distance 20 from that mean), "
            "typical = (high + low + close) / 3",
        ),
        ("volatility_20", _VOLATILITY, 21, True, "deviation 20 of return_1"),
        ("volatility_60", _VOLATILITY, 61, True, "deviation 60 of return_1"),
        ("market_beta_60", _QUANT, 61, True, "covariance 60 with the market / its variance 60"),
        ("market_correlation_60", _QUANT, 61, True, "correlation 60 of return_1 with the market"),
        ("volume_ratio_20", _LIQUIDITY, 20, True, "volume / mean 20 of volume"),
        ("exponential_average_12", _TECHNICAL, 12, False, "average 12 of close"),
        ("exponential_average_26", _TECHNICAL, 26, False, "average 26 of close"),
        ("macd_line", _TECHNICAL, 26, False, "average 12 - average 26 of close"),
        ("macd_signal", _TECHNICAL, 34, False, "average 9 of macd_line"),
        ("macd_histogram", _TECHNICAL, 34, False, "macd_line - macd_signal"),
        (
            "relative_strength_14",
            _TECHNICAL,
            15,
            True,
            "100 * gain / (gain + loss), rises and falls of close smoothed 14",
        ),
        (
            "average_true_range_14",
            _VOLATILITY,
            14,
            False,
            "max(high, close before 1) - min(low, close before 1), smoothed 14",
        ),
        (
            "balance_volume",
            _LIQUIDITY,
            1,
            True,
            "sum so far of volume * sign(close - close before 1)",
        ),
        ("drawdown", _MOMENTUM, 1, True, "close / highest close so far - 1"),
    )
)
