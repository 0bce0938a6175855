"""Charts of what the order would have earned: fifths, the spread and its drawdown, the long leg."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.evaluation.page.axis import draw_calendar, place_series
from assay.evaluation.page.charts import HALF, WIDE
from assay.evaluation.page.svg import (
    Frame,
    choose_form,
    draw,
    draw_area,
    draw_box,
    draw_end_labels,
    draw_horizontal_grid,
    draw_line,
    draw_rule,
    draw_text,
    list_log_ticks,
    list_ticks,
)
from assay.evaluation.types import EvaluationReport, Series

_STEP = 2
_STEEP = 5.0


def _draw_equities(
    report: EvaluationReport, lines: Sequence[tuple[str, str, Series]], label: str
) -> str:
    known = np.concatenate([values[np.isfinite(values)] for _, _, values in lines])
    low, high = float(known.min()) * 0.93, float(known.max()) * 1.07
    low = max(low, 1e-4)
    frame = Frame(
        HALF, 300, 0, max(1, len(report.series.days) - 1), low, high, right=82, logarithmic=True
    )
    parts = []
    for tick in list_log_ticks(low, high):
        y = frame.y(tick)
        parts.append(
            draw_rule(frame.left, y, HALF - frame.right, y, "axis" if tick == 1.0 else "rule")
        )
        parts.append(draw_text(frame.left - 7, y + 4, f"{tick:g}", "tick", "end"))
    parts += draw_calendar(frame, report.series.days)
    ends = []
    for name, tone, values in lines:
        parts.append(draw_line(place_series(frame, values, _STEP), f"line {tone}"))
        end = float(values[-1])
        ends.append((frame.y(end), f"{name} {end:.2f}", f"{tone}-text"))
    parts += draw_end_labels(frame, ends)
    return draw(HALF, 300, label, parts)


def draw_fifths(report: EvaluationReport) -> str:
    """Value of 1 in each fifth by score, before costs, on a logarithmic scale."""
    names = ("Q1 low", "Q2", "Q3", "Q4", "Q5 high")
    lines = [
        (name, f"fifth-{index + 1}", report.series.quintile_equity[index])
        for index, name in enumerate(names)
    ]
    return _draw_equities(report, lines, "Value of 1 in each fifth by score")


def draw_long_leg(report: EvaluationReport) -> str:
    """The highest fifth after costs beside everything and beside Bitcoin."""
    series = report.series
    lines = [("Q5 net", "accent", series.long_equity), ("market", "quiet", series.market_equity)]
    if series.bitcoin_equity is not None:
        lines.append(("BTC", "gold", series.bitcoin_equity))
    return _draw_equities(report, lines, "Long leg against market and Bitcoin")


def draw_spread(report: EvaluationReport) -> str:
    """Top minus bottom fifth, gross and net, and below it how deep it stood under water."""
    series = report.series
    both = np.concatenate([series.spread_equity, series.spread_equity_gross])
    low, high = min(1.0, float(both.min())), max(1.0, float(both.max()))
    steep = low > 0.0 and high / low > _STEEP
    pad = 0.0 if steep else 0.06 * (high - low or 1.0)
    last = max(1, len(series.days) - 1)
    frame = Frame(
        WIDE, 360, 0, last, low - pad, high + pad, right=110, bottom=126, logarithmic=steep
    )
    ticks = list_log_ticks(low, high) if steep else list_ticks(low, high)
    parts = draw_horizontal_grid(frame, ticks, choose_form(ticks))
    one = frame.y(1.0)
    parts.append(draw_rule(frame.left, one, WIDE - frame.right, one, "axis"))
    parts.append(draw_line(place_series(frame, series.spread_equity_gross, _STEP), "line quiet"))
    parts.append(draw_line(place_series(frame, series.spread_equity, _STEP), "line accent"))
    parts += draw_end_labels(
        frame,
        [
            (frame.y(float(series.spread_equity[-1])), "net of 10 bp", "accent-text"),
            (frame.y(float(series.spread_equity_gross[-1])), "gross", "quiet-text"),
        ],
    )
    deepest = min(-0.01, float(series.spread_drawdown.min()))
    under = Frame(WIDE, 360, 0, last, deepest, 0.0, right=110, top=252)
    parts += draw_horizontal_grid(under, [0.0, deepest], ".0%")
    parts += draw_calendar(under, series.days)
    points = place_series(under, series.spread_drawdown, _STEP)
    parts.append(draw_area(points, under.y(0.0), "area bad-fill"))
    parts.append(draw_line(points, "line bad"))
    parts.append(draw_text(WIDE - 104, 268, "drawdown, net", "end bad-text"))
    return draw(WIDE, 360, "Long-short value and drawdown", parts)


def draw_annual_fifths(report: EvaluationReport) -> str:
    """Mean yearly return of each fifth before costs: a staircase is what an order should give."""
    values = list(report.quintiles.annual_returns)
    known = [value for value in values if np.isfinite(value)] or [0.0]
    low, high = min(0.0, *known), max(0.0, *known)
    pad = 0.16 * (high - low or 1.0)
    frame = Frame(HALF, 270, -0.6, 4.6, low - pad, high + pad, bottom=40)
    ticks = list_ticks(low - pad, high + pad)
    parts = draw_horizontal_grid(frame, ticks, choose_form(ticks, percent=True))
    zero = frame.y(0.0)
    for index, value in enumerate(values):
        if not np.isfinite(value):
            continue
        x, y = frame.x(index), frame.y(value)
        tone = f"fifth-{index + 1}-fill"
        parts.append(draw_box(x - 26, min(y, zero), 52, abs(y - zero), tone, more=' rx="3"'))
        place = y - 7 if value >= 0 else y + 16
        parts.append(draw_text(x, place, f"{value:.0%}".replace("-", "−"), "value", "middle"))
        parts.append(draw_text(x, 270 - 22, f"Q{index + 1}", "tick", "middle"))
    parts.append(draw_rule(frame.left, zero, HALF - frame.right, zero, "axis"))
    parts.append(draw_text(HALF / 2, 270 - 4, "lowest to highest score", "tick", "middle"))
    return draw(HALF, 270, "Mean yearly return of each fifth", parts)
