"""Charts of whether the judgement means what it says: probabilities, intervals, and the dead."""

from __future__ import annotations

from datetime import date

import numpy as np

from assay.evaluation.page.axis import draw_calendar
from assay.evaluation.page.charts import HALF, WIDE
from assay.evaluation.page.svg import (
    Frame,
    choose_form,
    draw,
    draw_box,
    draw_dot,
    draw_horizontal_grid,
    draw_line,
    draw_rule,
    draw_text,
    list_ticks,
)
from assay.evaluation.types import Calibration, Coverage, DeathReport

_TARGET = 0.02


def draw_calibration(calibration: Calibration) -> str:
    """Stated probability across, what happened upwards; on the diagonal words and deeds agree."""
    values = [value for row in calibration.bins for value in (row.stated, row.observed)]
    low, high = min([*values, 0.45]) - 0.015, max([*values, 0.55]) + 0.015
    frame = Frame(HALF, 330, low, high, low, high, bottom=44)
    ticks = list_ticks(low, high, 6)
    parts = draw_horizontal_grid(frame, ticks, choose_form(ticks, percent=True))
    for tick in ticks:
        parts.append(draw_text(frame.x(tick), 330 - 24, f"{tick:.0%}", "tick", "middle"))
    parts.append(draw_rule(frame.x(low), frame.y(low), frame.x(high), frame.y(high), "dash"))
    points = [(frame.x(row.stated), frame.y(row.observed)) for row in calibration.bins]
    parts.append(draw_line(points, "line accent"))
    for row, (x, y) in zip(calibration.bins, points, strict=True):
        hint = f"stated {row.stated:.1%}, happened {row.observed:.1%}, {row.count:,} judgements"
        parts.append(draw_dot(x, y, 5, "accent-fill ring", hint))
    words = "stated probability of beating the median coin"
    parts.append(draw_text(HALF / 2, 330 - 5, words, "tick", "middle"))
    parts.append(draw_text(frame.left + 8, frame.top + 12, "share that did", "tick"))
    return draw(HALF, 330, "Calibration of stated probabilities", parts)


def draw_coverage(coverage: Coverage) -> str:
    """Share of outcomes inside the interval by third of volatility, beside the naive interval's."""
    groups = (
        ("all", coverage.overall, coverage.baseline_overall),
        ("calm third", coverage.low_vol, coverage.baseline_low_vol),
        ("middle", coverage.mid_vol, coverage.baseline_mid_vol),
        ("wild third", coverage.high_vol, coverage.baseline_high_vol),
    )
    values = [value for _, ours, naive in groups for value in (ours, naive) if np.isfinite(value)]
    low = min([*values, coverage.level - 0.06]) - 0.02
    high = min(1.0, max([*values, coverage.level + 0.06]) + 0.02)
    frame = Frame(HALF, 330, -0.5, 3.5, low, high, bottom=44)
    top, bottom = frame.y(coverage.level + _TARGET), frame.y(coverage.level - _TARGET)
    width = HALF - frame.left - frame.right
    parts = [draw_box(frame.left, top, width, bottom - top, "band")]
    ticks = list_ticks(low, high, 5)
    parts += draw_horizontal_grid(frame, ticks, choose_form(ticks, percent=True))
    level = frame.y(coverage.level)
    parts.append(draw_rule(frame.left, level, HALF - frame.right, level, "dash"))
    for index, (name, ours, naive) in enumerate(groups):
        x = frame.x(index)
        if np.isfinite(naive):
            parts.append(draw_dot(x + 17, frame.y(naive), 6, "hollow", f"naive {naive:.1%}"))
        if np.isfinite(ours):
            y = frame.y(ours)
            parts.append(draw_rule(x - 12, level, x - 12, y, "stem"))
            parts.append(draw_dot(x - 12, y, 7, "accent-fill ring", f"{name} {ours:.1%}"))
            place = y - 13 if ours >= coverage.level else y + 22
            parts.append(draw_text(x - 12, place, f"{ours:.1%}", "value", "middle"))
        parts.append(draw_text(x, 330 - 24, name, "tick", "middle"))
    words = "filled: this interval; hollow: naive EWMA-normal; band: the target"
    parts.append(draw_text(HALF / 2, 330 - 5, words, "tick", "middle"))
    return draw(HALF, 330, "Interval coverage by third of volatility", parts)


def draw_monthly_coverage(coverage: Coverage) -> str:
    """Coverage month by month: common shocks show as single deep bars."""
    months = coverage.months
    low = min([value for _, value in months] + [coverage.level - 0.1]) - 0.03
    frame = Frame(WIDE, 210, -0.5, max(0.5, len(months) - 0.5), low, 1.0)
    ticks = list_ticks(low, 1.0, 5)
    parts = draw_horizontal_grid(frame, ticks, choose_form(ticks, percent=True))
    level = frame.y(coverage.level)
    width = (WIDE - frame.left - frame.right) / max(1, len(months))
    for index, (name, value) in enumerate(months):
        x, y = frame.x(index), frame.y(value)
        tone = "bad-fill" if name == coverage.worst_month_name else "quiet-fill"
        tone = "good-fill soft" if value >= coverage.level else tone
        parts.append(
            draw_box(
                x - width / 2 + 2,
                min(y, level),
                width - 4,
                max(1.0, abs(y - level)),
                tone,
                hint=f"{name}: {value:.1%}",
                more=' rx="2"',
            )
        )
        if name == coverage.worst_month_name:
            parts.append(draw_text(x, y + 15, f"{value:.0%}", "value bad-text", "middle"))
    parts.append(draw_rule(frame.left, level, WIDE - frame.right, level, "axis"))
    parts += draw_calendar(frame, [date.fromisoformat(f"{name}-01") for name, _ in months])
    return draw(WIDE, 210, "Interval coverage by month", parts)


def draw_deaths(deaths: DeathReport) -> str:
    """Every real death: mean score of its last 30 days (bar) and the highest one said (dot)."""
    records = deaths.records
    columns = 2 if len(records) > 12 else 1
    rows = (len(records) + columns - 1) // columns
    pitch, width = 21.0, WIDE / columns
    height = 22 + rows * pitch
    parts = []
    for column in range(columns):
        left = column * width + 178
        frame = Frame(width, height, 0, 100, 0, 1, left=left, right=24 - column * width)
        edge = frame.x(deaths.high_score)
        parts.append(draw_text(edge, 11, f"{deaths.high_score:g}", "tick", "middle"))
        for row, record in enumerate(records[column * rows : (column + 1) * rows]):
            y = 22 + row * pitch
            x = column * width
            parts.append(draw_text(x, y + 13, record.symbol[:9], "tick strong"))
            parts.append(draw_text(x + 82, y + 13, record.last_day.isoformat(), "tick"))
            parts.append(draw_box(left, y + 4, frame.x(100) - left, 11, "empty", more=' rx="2"'))
            if record.days_viewed == 0:
                parts.append(draw_text(left + 6, y + 13, "no view", "tick"))
                continue
            tone = "bad-fill" if record.days_high else "quiet-fill"
            reach = frame.x(max(0.0, min(100.0, record.mean)))
            hint = (
                f"{record.symbol}: mean {record.mean:.1f}, highest {record.highest:.1f}, above on "
                f"{record.days_high} of {record.days_viewed} days with a view"
            )
            parts.append(draw_box(left, y + 4, reach - left, 11, f"{tone} soft", hint=hint))
            top = frame.x(max(0.0, min(100.0, record.highest)))
            parts.append(draw_dot(top, y + 9.5, 4, tone, hint))
        parts.append(draw_rule(edge, 16, edge, height, "limit"))
    return draw(WIDE, height, "What was said of coins before they died", parts)
