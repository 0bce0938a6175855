"""What a series of daily returns was worth: reward, risk, tails, shape, and its tie to a benchmark.

Definitions are those of empyrical (CAGR, volatility, Sharpe, Sortino, drawdown, Calmar, Omega, VaR,
CVaR, tail ratio, beta, alpha) and skfolio (skewness, kurtosis), with 365 days a year, because coins
trade every day. Kernels sum in the order of time, so the same series gives equal bytes on any CPU.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.backtest.metric_kernels import METRICS, measure, measure_trailing
from assay.kit.errors import BadInput

Matrix = NDArray[np.float64]
Series = NDArray[np.float64]

DAYS_PER_YEAR = 365


@dataclass(frozen=True, slots=True)
class Metrics:
    """Performance of one return series. Ratios, not percents; NaN where a figure is undefined.

    `days` known returns; `years` from the first of them to the end of the series. `mean` and
    `deviation` are of one day, `volatility` of a year. `max_drawdown`, `var_95`, `cvar_95` and
    `worst_day` are returns, so a loss is negative. `drawdown_peak` is the day at whose close the
    peak stood (-1: before the first return), `drawdown_trough` the low, `drawdown_end` the first
    close back at the peak (None: not yet, or no drawdown): places in the series. `omega` is also
    called profit factor, `payoff_ratio` is the mean gain over the mean loss. `kurtosis` is 3 for
    a normal. `alpha` is of a year. The last four are NaN without a benchmark.
    """

    days: int
    years: float
    total_return: float
    cagr: float
    mean: float
    deviation: float
    volatility: float
    sharpe: float
    sortino: float
    max_drawdown: float
    drawdown_peak: int | None
    drawdown_trough: int | None
    drawdown_end: int | None
    calmar: float
    omega: float
    payoff_ratio: float
    var_95: float
    cvar_95: float
    tail_ratio: float
    skew: float
    kurtosis: float
    best_day: float
    worst_day: float
    share_positive: float
    beta: float
    alpha: float
    correlation: float
    residual_sharpe: float


def compute_trailing_metrics(
    returns: Matrix,
    benchmark: Series | None = None,
    *,
    window: int | None = None,
    start: int = 0,
    periods_per_year: int = DAYS_PER_YEAR,
) -> Matrix:
    """Metrics of every token at the close of every day from column `start` on,
    [metrics, tokens, days from `start`], in the order of METRICS.

    `returns` [tokens, days] are simple daily returns, `benchmark` [days]. A day looks back over
    `window` calendar days, itself included (None: over everything). Missing returns (NaN) are left
    out, but the years of a CAGR run from the first known return in the window. Places of a drawdown
    count from the first day of the window. Every day is computed from its own window, so nothing
    depends on where the panel ends or on `start`. Raises `BadInput` for shapes that do not fit.
    """
    bars = np.ascontiguousarray(returns, dtype=np.float64)
    against = _align_benchmark(benchmark, bars.shape[-1])
    if bars.ndim != 2 or not 0 <= start <= bars.shape[1] or (window is not None and window < 1):
        raise BadInput(
            f"no trailing metrics of {bars.shape} returns from column {start}, window {window}",
            hint="Give a matrix [tokens, days], a column inside it and a window of 1 day or more.",
        )
    tokens, days = bars.shape
    out = np.empty((tokens, days - start, len(METRICS)))
    measure_trailing(bars, against, window or days + 1, start, float(periods_per_year), out)
    return np.moveaxis(out, 2, 0)


def _align_benchmark(benchmark: Series | None, days: int) -> Series:
    if benchmark is None:
        return np.full(days, np.nan)
    aligned = np.ascontiguousarray(benchmark, dtype=np.float64)
    if aligned.shape != (days,):
        raise BadInput(
            f"a benchmark of shape {aligned.shape} does not fit {days} days of returns",
            hint="Give both over the same days.",
        )
    return aligned


def compute_metrics(
    returns: Series, benchmark: Series | None = None, periods_per_year: int = DAYS_PER_YEAR
) -> Metrics:
    """Metrics of one series of simple daily returns [days], against a benchmark of the same days.

    Missing returns (NaN) are left out, but count in the years of the CAGR once the first is known.
    Risk-free rate and required return are 0. With r the returns, n their number, p periods a year:
    cagr = prod(1 + r)^(1 / years) - 1; deviation with n - 1; sharpe = mean / deviation sqrt(p);
    sortino = mean sqrt(p) / sqrt(sum(min(r, 0)^2) / n); calmar = cagr / |max_drawdown|;
    omega = sum of gains / sum of losses; var_95 the 5 % quantile, linear between order statistics;
    cvar_95 the mean of the floor(0.05 (n - 1)) + 1 lowest; tail_ratio = |95 % quantile| / |5 %
    quantile|; skew and kurtosis = central moments over powers of the variance, all with n;
    beta = cov / var of the benchmark; alpha = (1 + mean(r - beta b))^p - 1; residual_sharpe = daily
    alpha / deviation of the residuals (n - 2) sqrt(p). Undefined (no return, no spread, no loss,
    fewer than 3 common days): NaN. Raises `BadInput` when the benchmark has another length.
    """
    series = np.ascontiguousarray(returns, dtype=np.float64)
    if series.ndim != 1:
        raise BadInput(
            f"metrics of a {series.ndim}-dimensional array",
            hint="Give one series; compute_trailing_metrics takes a matrix.",
        )
    against = _align_benchmark(benchmark, series.size)
    out = np.empty(len(METRICS))
    ordered = np.sort(series[~np.isnan(series)])
    measure(series, against, ordered, float(periods_per_year), out)
    figures: dict[str, float] = dict(zip(METRICS, out.tolist(), strict=True))
    places = {name: figures.pop(name) for name in METRICS[10:13]}
    return Metrics(
        days=int(figures.pop("days")),
        drawdown_peak=_as_place(places["drawdown_peak"]),
        drawdown_trough=_as_place(places["drawdown_trough"]),
        drawdown_end=_as_place(places["drawdown_end"]),
        **figures,
    )


def _as_place(value: float) -> int | None:
    return None if math.isnan(value) else int(value)
