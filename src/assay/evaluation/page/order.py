"""Charts of the rank information coefficient: over time, by month, by lag, against luck and against
simpler scores.
"""

from __future__ import annotations

import numpy as np

from assay.evaluation.page.axis import draw_calendar, place_series
from assay.evaluation.page.charts import HALF, WIDE, draw_bars
from assay.evaluation.page.svg import (
    Frame,
    choose_form,
    draw,
    draw_area,
    draw_box,
    draw_dot,
    draw_end_labels,
    draw_horizontal_grid,
    draw_line,
    draw_rule,
    draw_text,
    format_signed,
    list_ticks,
)
from assay.evaluation.types import HEADLINE_LAG, EvaluationReport, Series

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_BASELINES = 24


def draw_cumulative_ic(report: EvaluationReport) -> str:
    """Sum of the daily rank ICs; a straight climb is steady skill, a flat stretch none."""
    daily = report.series.rank_ic
    total = np.cumsum(np.nan_to_num(daily))
    scored = np.flatnonzero(np.isfinite(daily))
    total[scored[-1] + 1 :] = np.nan
    low, high = min(0.0, float(np.nanmin(total))), max(0.0, float(np.nanmax(total)))
    frame = Frame(WIDE, 250, 0, max(1, daily.size - 1), low, high * 1.06 + 1e-9, right=60)
    points = place_series(frame, total)
    ticks = list_ticks(low, high)
    parts = draw_horizontal_grid(frame, ticks, choose_form(ticks))
    parts += draw_calendar(frame, report.series.days)
    parts.append(draw_area(points, frame.y(0.0), "area accent-fill"))
    parts.append(draw_line(points, "line accent"))
    end = float(total[scored[-1]])
    parts += draw_end_labels(frame, [(frame.y(end), f"{end:.0f}", "accent-text")])
    return draw(WIDE, 250, "Cumulative daily rank IC at lag 1", parts)


def draw_monthly_ic(report: EvaluationReport) -> str:
    """Mean rank IC of every month, years down and months across, the year's mean at the end."""
    by_month = _monthly_means(report)
    years = sorted({year for year, _ in by_month})
    largest = max((abs(value) for value in by_month.values()), default=1.0) or 1.0
    left, cell, gap, height = 52.0, 75.0, 36.0, 40.0
    parts = [
        draw_text(left + cell * (month + 0.5), 14, name, "tick", "middle")
        for month, name in enumerate(_MONTHS)
    ]
    parts.append(draw_text(left + cell * 12.5 + gap, 14, "year", "tick", "middle"))
    annual = {year.year: year.rank.rank_ic_mean for year in report.by_year}
    for row, year in enumerate(years):
        top = 24 + row * height
        parts.append(draw_text(0, top + height / 2 + 4, str(year), "tick strong"))
        for month in range(12):
            value = by_month.get((year, month + 1))
            place = left + month * cell
            parts += _heat_cell(
                place, top, cell, height, value, largest, f"{_MONTHS[month]} {year}"
            )
        parts += _heat_cell(
            left + 12 * cell + gap, top, cell, height, annual.get(year), largest, f"all of {year}"
        )
    return draw(WIDE, 28 + height * len(years), "Mean rank IC by month", parts)


def _heat_cell(
    x: float,
    y: float,
    width: float,
    height: float,
    value: float | None,
    largest: float,
    name: str,
) -> list[str]:
    if value is None or not np.isfinite(value):
        return [draw_box(x + 2, y + 2, width - 4, height - 4, "empty", more=' rx="5"')]
    tone = "good-fill" if value >= 0 else "bad-fill"
    strength = 0.10 + 0.72 * min(1.0, abs(value) / largest)
    more = f' rx="5" fill-opacity="{strength:.2f}"'
    return [
        draw_box(x + 2, y + 2, width - 4, height - 4, tone, hint=f"{name}: {value:.3f}", more=more),
        draw_text(x + width / 2, y + height / 2 + 4, _signed(value), "cell", "middle"),
    ]


def _signed(value: float) -> str:
    return f"{value:.3f}".replace("-", "−").replace("0.", ".", 1)


def _monthly_means(report: EvaluationReport) -> dict[tuple[int, int], float]:
    daily = report.series.rank_ic
    found: dict[tuple[int, int], list[float]] = {}
    for day, value in zip(report.series.days, daily.tolist(), strict=True):
        if np.isfinite(value):
            found.setdefault((day.year, day.month), []).append(value)
    return {month: float(np.mean(values)) for month, values in found.items()}


def draw_decay(report: EvaluationReport) -> str:
    """Mean rank IC by the days waited before buying, with the band that luck alone fills."""
    values = [report.lags[lag].rank_ic_mean for lag in report.lags]
    null = report.permutation
    band = 2.0 * null.null_sd if np.isfinite(null.null_sd) else 0.0
    low, high = min(0.0, *values, -band), max(*values, band, 0.01) * 1.15
    frame = Frame(HALF, 270, -0.6, len(values) - 0.4, low * 1.15, high, bottom=40)
    parts = []
    if band:
        top, bottom = frame.y(band), frame.y(-band)
        parts.append(
            draw_box(frame.left, top, HALF - frame.left - frame.right, bottom - top, "band")
        )
    ticks = list_ticks(low, high)
    parts += draw_horizontal_grid(frame, ticks, choose_form(ticks))
    for place, lag in enumerate(report.lags):
        value = values[place]
        x, y, zero = frame.x(place), frame.y(value), frame.y(0.0)
        tone = "accent-fill" if lag == HEADLINE_LAG else "quiet-fill"
        hint = f"lag {lag}: {value:.4f}, ICIR {report.lags[lag].icir:.2f}"
        parts.append(
            draw_box(x - 24, min(y, zero), 48, abs(zero - y), tone, hint=hint, more=' rx="3"')
        )
        parts.append(draw_text(x, min(y, zero) - 7, f"{value:.3f}", "value", "middle"))
        parts.append(draw_text(x, 270 - 22, f"lag {lag}", "tick", "middle"))
    parts.append(draw_rule(frame.left, frame.y(0.0), HALF - frame.right, frame.y(0.0), "axis"))
    words = "days between the judgement and the purchase"
    words += "; band: 2 sd of luck" if band else ""
    parts.append(draw_text(HALF / 2, 270 - 4, words, "tick", "middle"))
    return draw(HALF, 270, "Rank IC by lag", parts)


def draw_null(report: EvaluationReport) -> str:
    """Mean ICs of the pipeline trained on shuffled labels, and where the real one stands."""
    null, observed = report.permutation, report.lags[HEADLINE_LAG].rank_ic_mean
    means = np.array(null.null_means)
    edge = max(float(np.abs(means).max()), abs(observed)) * 1.15
    frame = Frame(HALF, 270, -edge, edge, 0, 1, left=14, bottom=40)
    counts, edges = np.histogram(means, bins=np.linspace(-edge, edge, 42))
    scale = (270 - 40 - 56) / max(1, int(counts.max()))
    base = 270.0 - 40
    parts = [draw_rule(frame.left, base, HALF - frame.right, base, "axis")]
    for count, start, stop in zip(counts.tolist(), edges[:-1], edges[1:], strict=True):
        if count:
            x, width = frame.x(start), frame.x(stop) - frame.x(start)
            hint = f"{count} of {means.size} permutations"
            parts.append(
                draw_box(
                    x + 0.5, base - count * scale, width - 1, count * scale, "quiet-fill", hint=hint
                )
            )
    for tick in list_ticks(-edge, edge, 6):
        parts.append(
            draw_text(frame.x(tick), base + 15, format_signed(tick, ".2f"), "tick", "middle")
        )
    x = frame.x(observed)
    anchor = "end" if x > HALF / 2 else "start"
    shift = -8.0 if anchor == "end" else 8.0
    parts.append(draw_rule(x, 30, x, base, "mark"))
    parts.append(draw_dot(x, 30, 4.5, "accent-fill"))
    parts.append(draw_text(x + shift, 28, f"this one: {observed:.3f}", "value accent-text", anchor))
    words = f"{null.distance_sd:.1f} sd from the middle of {means.size} permutations"
    parts.append(draw_text(x + shift, 46, words, "tick", anchor))
    parts.append(draw_text(HALF / 2, 270 - 4, "mean rank IC", "tick", "middle"))
    return draw(HALF, 270, "Permutation null", parts)


def draw_baselines(report: EvaluationReport) -> str:
    """This judgement's mean rank IC beside every simpler score's, largest first."""
    rows = sorted(
        ((name, score.rank_ic_mean) for name, score in report.baselines.items()),
        key=lambda row: -abs(row[1]) if np.isfinite(row[1]) else 0.0,
    )[:_MOST_BASELINES]
    own = (report.kind, report.lags[HEADLINE_LAG].rank_ic_mean)
    return draw_bars([own, *rows], label="Rank IC against simpler scores")


def draw_daily_distribution(daily: Series) -> str:
    """How the daily rank ICs are spread: negative days in the other colour."""
    known = daily[np.isfinite(daily)]
    frame = Frame(HALF, 270, -1, 1, 0, 1, left=14, bottom=40)
    reach = max(0.3, float(np.abs(known).max()) * 1.05)
    frame = Frame(HALF, 270, -reach, reach, 0, 1, left=14, bottom=40)
    counts, edges = np.histogram(known, bins=np.linspace(-reach, reach, 37))
    scale = (270 - 40 - 52) / max(1, int(counts.max()))
    base = 270.0 - 40
    parts = [draw_rule(frame.left, base, HALF - frame.right, base, "axis")]
    for count, start, stop in zip(counts.tolist(), edges[:-1], edges[1:], strict=True):
        tone = "good-fill soft" if start + stop > 0 else "bad-fill soft"
        x, width = frame.x(start), frame.x(stop) - frame.x(start)
        hint = f"{count} days between {start:.2f} and {stop:.2f}"
        parts.append(
            draw_box(x + 0.5, base - count * scale, width - 1, count * scale, tone, hint=hint)
        )
    for tick in list_ticks(-reach, reach, 6):
        parts.append(
            draw_text(frame.x(tick), base + 15, format_signed(tick, ".1f"), "tick", "middle")
        )
    mean = float(known.mean())
    x = frame.x(mean)
    parts.append(draw_rule(x, 22, x, base, "mark"))
    parts.append(draw_text(x + 8, 28, f"mean {mean:.3f}", "value accent-text"))
    parts.append(draw_text(HALF / 2, 270 - 4, "daily rank IC", "tick", "middle"))
    return draw(HALF, 270, "Distribution of daily rank ICs", parts)
