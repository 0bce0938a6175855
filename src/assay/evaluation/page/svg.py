"""Small vector drawings: a frame that turns data into places, and the few shapes charts are made
of.

Colours are never named here: every shape carries a class, and the page's style sheet paints it for
light or dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, isfinite, log, log10

Point = tuple[float, float]

LABEL_GAP = 14.0


@dataclass(frozen=True)
class Frame:
    """A chart area: data from `x_low..x_high` and `y_low..y_high` drawn inside the margins."""

    width: float
    height: float
    x_low: float
    x_high: float
    y_low: float
    y_high: float
    left: float = 46.0
    right: float = 14.0
    top: float = 12.0
    bottom: float = 26.0
    logarithmic: bool = False

    def x(self, value: float) -> float:
        """Place of `value` on the horizontal axis."""
        span = self.x_high - self.x_low or 1.0
        inner = self.width - self.left - self.right
        return self.left + (value - self.x_low) / span * inner

    def y(self, value: float) -> float:
        """Place of `value` on the vertical axis, which grows upwards."""
        low, high = self.y_low, self.y_high
        if self.logarithmic:
            low, high, value = log(low), log(high), log(max(value, 1e-12))
        span = high - low or 1.0
        inner = self.height - self.top - self.bottom
        return self.height - self.bottom - (value - low) / span * inner


def list_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers within `low..high`, about `count` of them."""
    if not (isfinite(low) and isfinite(high)) or high <= low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** floor(log10(rough))
    step = min((m * power for m in (1, 2, 2.5, 5, 10)), key=lambda size: abs(size - rough))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def list_log_ticks(low: float, high: float) -> list[float]:
    """Multiples 1, 2, 5 of powers of ten within `low..high`, thinned until they fit."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    for multiples in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [m * 10.0**p for p in powers for m in multiples if low <= m * 10.0**p <= high]
        if len(ticks) <= 7:
            return ticks
    return ticks


def format_signed(value: float, form: str) -> str:
    """A number with a true minus sign, and none before a zero."""
    text = format(value, form)
    return text.lstrip("-") if not text.strip("-0.%") else text.replace("-", "\u2212")


def choose_form(ticks: Sequence[float], percent: bool = False) -> str:
    """The shortest format that tells neighbouring ticks apart."""
    scale = 100.0 if percent else 1.0
    for digits in range(5):
        if all(abs(round(tick * scale, digits) - tick * scale) < 1e-9 for tick in ticks):
            break
    return f".{digits}{'%' if percent else 'f'}"


def draw(width: float, height: float, label: str, parts: Sequence[str]) -> str:
    """A whole drawing that scales with its column; `label` is read out instead of it."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
        + "".join(parts)
        + "</svg>"
    )


def draw_text(x: float, y: float, text: str, classes: str = "", anchor: str = "start") -> str:
    """Words at a place."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{classes}">'
        f"{escape(text)}</text>"
    )


def draw_rule(x1: float, y1: float, x2: float, y2: float, classes: str = "rule") -> str:
    """A straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{classes}"/>'


def draw_box(
    x: float, y: float, width: float, height: float, classes: str, *, hint: str = "", more: str = ""
) -> str:
    """A rectangle; `hint` shows when a pointer rests on it."""
    title = f"<title>{escape(hint)}</title>" if hint else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" '
        f'class="{classes}"{more}>{title}</rect>'
    )


def draw_dot(x: float, y: float, radius: float, classes: str, hint: str = "") -> str:
    """A filled circle; `hint` shows when a pointer rests on it."""
    title = f"<title>{escape(hint)}</title>" if hint else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" class="{classes}">{title}</circle>'


def draw_line(points: Sequence[Point], classes: str) -> str:
    """A line through `points` in drawing places; a point that is not finite breaks it."""
    pieces: list[str] = []
    pen = "M"
    for x, y in points:
        if not isfinite(y):
            pen = "M"
            continue
        pieces.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return f'<path d="{"".join(pieces)}" class="{classes}"/>' if pieces else ""


def draw_area(points: Sequence[Point], base: float, classes: str) -> str:
    """The surface between `points` and the height `base`."""
    known = [(x, y) for x, y in points if isfinite(y)]
    if not known:
        return ""
    path = "".join(f"L{x:.1f} {y:.1f}" for x, y in known)
    first, last = known[0][0], known[-1][0]
    return f'<path d="M{first:.1f} {base:.1f}{path}L{last:.1f} {base:.1f}Z" class="{classes}"/>'


def draw_horizontal_grid(frame: Frame, ticks: Sequence[float], form: str) -> list[str]:
    """A line and a number for each of `ticks`; `form` is a format such as '.2f'."""
    parts = []
    for tick in ticks:
        y = frame.y(tick)
        parts.append(draw_rule(frame.left, y, frame.width - frame.right, y))
        parts.append(draw_text(frame.left - 7, y + 4, format_signed(tick, form), "tick", "end"))
    return parts


def draw_end_labels(
    frame: Frame, labels: Sequence[tuple[float, str, str]], gap: float = LABEL_GAP
) -> list[str]:
    """Names beside the ends of lines, moved apart where they would cover each other.

    Each label is (place, name, classes).
    """
    ordered = sorted((label for label in labels if isfinite(label[0])), key=lambda label: label[0])
    places: list[float] = []
    for place, _, _ in ordered:
        places.append(max(place, places[-1] + gap) if places else place)
    overflow = max(0.0, places[-1] - (frame.height - frame.bottom + 4)) if places else 0.0
    x = frame.width - frame.right + 6
    return [
        draw_text(x, place - overflow + 4, name, f"end {classes}")
        for place, (_, name, classes) in zip(places, ordered, strict=True)
    ]
