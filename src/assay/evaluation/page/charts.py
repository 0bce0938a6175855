"""General charts for any report: lines over days, bars by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from assay.evaluation.page.axis import draw_calendar, place_series
from assay.evaluation.page.svg import (
    Frame,
    choose_form,
    draw,
    draw_box,
    draw_end_labels,
    draw_horizontal_grid,
    draw_line,
    draw_rule,
    draw_text,
    format_signed,
    list_log_ticks,
    list_ticks,
)
from assay.evaluation.types import Series

WIDE = 1080.0
HALF = 520.0
"""Widths of a drawing that fills the page and of one beside another."""

TONES = ("accent", "gold", "quiet", "bad", "fifth-2", "fifth-4")
_POINTS = 600


def draw_lines(
    days: Sequence[date],
    lines: Mapping[str, Series],
    form: str = ".2f",
    *,
    log: bool = False,
    label: str = "",
    wide: bool = False,
    band: tuple[str, Series, Series] | None = None,
) -> str:
    """Daily series by name, each [days], on one calendar axis; NaN breaks a line.

    The first line has the page's accent. `form` writes the last values; `log` needs positive ones.
    `band` is drawn behind them: its words, its lower and its upper edge, both alike. Empty text
    where nothing is known.
    """
    edges = band[1:] if band is not None else ()
    known = [values[np.isfinite(values)] for values in (*lines.values(), *edges)]
    joined = np.concatenate(known) if known else np.empty(0)
    if not joined.size or len(days) < 2:
        return ""
    low, high = float(joined.min()), float(joined.max())
    pad = 0.04 * (high - low or abs(high) or 1.0)
    low, high = (low * 0.95, high * 1.05) if log else (low - pad, high + pad)
    width, right = WIDE if wide else HALF, 120.0 if wide else 104.0
    frame = Frame(width, 300, 0, len(days) - 1, low, high, right=right, logarithmic=log)
    ticks = list_log_ticks(low, high) if log else list_ticks(low, high)
    tick_form = ",g" if log else choose_form(ticks, percent=form.endswith("%"))
    parts = draw_horizontal_grid(frame, ticks, tick_form)
    if not log and low < 0.0 < high:
        zero = frame.y(0.0)
        parts.append(draw_rule(frame.left, zero, width - frame.right, zero, "axis"))
    parts += draw_calendar(frame, days)
    ends = []
    step = max(1, len(days) // _POINTS)
    for edge in edges:
        parts.append(draw_line(place_series(frame, edge, step), "line quiet"))
    if band is not None and np.isfinite(band[2]).any():
        upper = float(band[2][np.isfinite(band[2])][-1])
        ends.append((frame.y(upper), band[0], "quiet-text"))
    for place, (name, values) in enumerate(lines.items()):
        tone = TONES[place % len(TONES)]
        parts.append(draw_line(place_series(frame, values, step), f"line {tone}"))
        finite = values[np.isfinite(values)]
        if finite.size:
            last = float(finite[-1])
            ends.append((frame.y(last), f"{name} {format_signed(last, form)}", f"{tone}-text"))
    parts += draw_end_labels(frame, ends)
    return draw(width, 300, label or ", ".join(lines), parts)


def draw_bars(
    rows: Sequence[tuple[str, float]],
    form: str = ".3f",
    *,
    label: str = "",
    wide: bool = True,
    highlight: int | None = 0,
) -> str:
    """A horizontal bar for each (name, value), in the order given; one of them may stand out."""
    known = [value for _, value in rows if np.isfinite(value)] or [0.0]
    low, high = min(0.0, *known), max(0.0, *known)
    pad = (0.16 if wide else 0.3) * (high - low or 1.0)
    pitch, top, width = 22.0, 6.0, WIDE if wide else HALF
    left = 230.0 if wide else 170.0
    height = top + pitch * len(rows) + 8
    frame = Frame(width, height, low - (pad if low < 0 else 0), high + pad, 0, 1, left=left)
    zero = frame.x(0.0)
    parts = [draw_rule(zero, 0, zero, height, "axis")]
    for index, (name, value) in enumerate(rows):
        y = top + index * pitch
        chosen = index == highlight
        tone = "accent-fill" if chosen else "quiet-fill" if value >= 0 else "bad-fill soft"
        x = frame.x(value if np.isfinite(value) else 0.0)
        words = "tick strong" if chosen else "tick"
        parts.append(draw_text(left - 10, y + 14, name.replace("_", " ")[:34], words, "end"))
        parts.append(draw_box(min(x, zero), y + 3, abs(x - zero), pitch - 7, tone, more=' rx="2"'))
        anchor, shift = ("start", 6.0) if value >= 0 else ("end", -6.0)
        parts.append(draw_text(x + shift, y + 14, format_signed(value, form), "tick", anchor))
    return draw(width, height, label, parts)
