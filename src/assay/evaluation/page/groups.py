"""Stated against observed frequency of rare events, with the interval of what was observed."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from assay.evaluation.events import EventGroup
from assay.evaluation.page.charts import HALF
from assay.evaluation.page.svg import (
    Frame,
    choose_form,
    draw,
    draw_dot,
    draw_horizontal_grid,
    draw_rule,
    draw_text,
    list_ticks,
)

_HEIGHT = 330.0


def draw_groups(groups: Sequence[EventGroup], least_episodes: int) -> str:
    """Stated frequency across, observed upwards with its interval; hollow where fewer than
    `least_episodes` episodes were seen. Empty text where nothing is known.
    """
    known = [group for group in groups if isfinite(group.stated) and isfinite(group.observed)]
    if not known:
        return ""
    high = 1.08 * max(max(group.stated, group.high) for group in known) or 1.0
    frame = Frame(HALF, _HEIGHT, 0.0, high, 0.0, high, bottom=44)
    ticks = list_ticks(0.0, high)
    form = choose_form(ticks, percent=True)
    parts = draw_horizontal_grid(frame, ticks, form)
    for tick in ticks:
        parts.append(draw_text(frame.x(tick), _HEIGHT - 24, format(tick, form), "tick", "middle"))
    parts.append(draw_rule(frame.x(0.0), frame.y(0.0), frame.x(high), frame.y(high), "dash"))
    for group in known:
        x = frame.x(group.stated)
        parts.append(draw_rule(x, frame.y(group.low), x, frame.y(group.high), "stem"))
        hint = (
            f"stated {group.stated:.2%}, happened {group.observed:.2%}, "
            f"{group.episodes} episodes in {group.judgements:,} judgements"
        )
        tone = "accent-fill ring" if group.episodes >= least_episodes else "hollow"
        parts.append(draw_dot(x, frame.y(group.observed), 5, tone, hint))
    parts.append(draw_text(HALF / 2, _HEIGHT - 5, "stated probability", "tick", "middle"))
    parts.append(draw_text(frame.left + 8, frame.top + 12, "share that did", "tick"))
    return draw(HALF, _HEIGHT, "Stated against observed frequency", parts)
