"""Small vector drawings. Shapes carry classes; the style sheet paints them for light and dark."""

from collections.abc import Sequence
from decimal import Decimal
from html import escape


def draw_range(before: str, now: str) -> str:
    """Where a grade stood and stands between 0 and 100: a ring, a line and a dot."""
    start, end = 4 + float(before) * 0.92, 4 + float(now) * 0.92
    tone = "good" if end >= start else "bad"
    return (
        '<svg class="range" viewBox="0 0 100 10" aria-hidden="true">'
        '<line class="rail" x1="4" x2="96" y1="5" y2="5"/>'
        f'<line class="stem {tone}" x1="{start:.1f}" x2="{end:.1f}" y1="5" y2="5"/>'
        f'<circle class="ring {tone}" cx="{start:.1f}" cy="5" r="2.6"/>'
        f'<circle class="dot {tone}" cx="{end:.1f}" cy="5" r="3.4"/></svg>'
    )


def draw_share(share: str, base: str | None, reach: Decimal) -> str:
    """A chance as a bar, with a tick at the base rate; the scale ends at `reach`."""

    def place(value: str) -> float:
        return 96 * min(1.0, float(Decimal(value) / max(reach, Decimal("0.0001"))))

    tick = ""
    if base is not None:
        tick = f'<line class="tick" x1="{place(base):.1f}" x2="{place(base):.1f}" y1="0" y2="8"/>'
    return (
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rail-fill" width="100" height="8"/>'
        f'<rect class="bad-fill" width="{place(share):.1f}" height="8"/>{tick}</svg>'
    )


def draw_line(values: Sequence[str | None], label: str) -> str:
    """A series as a line without axes; a missing value breaks it."""
    known = [float(value) for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    span = high - low or 1.0
    step = 196 / max(1, len(values) - 1)
    pieces, pen, last = [], "M", (0.0, 0.0)
    for place, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        last = (2 + place * step, 38 - (float(value) - low) / span * 34)
        pieces.append(f"{pen}{last[0]:.1f} {last[1]:.1f}")
        pen = "L"
    return (
        f'<svg class="spark" viewBox="0 0 204 42" role="img" aria-label="{escape(label)}">'
        f'<path d="{"".join(pieces)}"/>'
        f'<circle cx="{last[0]:.1f}" cy="{last[1]:.1f}" r="2.6"/></svg>'
    )


def draw_fan(price: str, horizons: Sequence[tuple[int, Sequence[str]]], label: str) -> str:
    """Now on the left, then the outer quantiles as a surface and the middle one as a line, on the
    square root of time.
    """
    now, longest = float(price), max(days for days, _ in horizons)
    prices = [float(value) for _, values in horizons for value in values] + [now]
    low, high = min(prices), max(prices)
    span = high - low or 1.0

    def place(days: int, value: float) -> str:
        x = 6 + (days / longest) ** 0.5 * 300
        return f"{x:.1f} {104 - (value - low) / span * 96:.1f}"

    lower = [(days, float(values[0])) for days, values in horizons]
    upper = [(days, float(values[-1])) for days, values in horizons]
    middle = [(0, now)] + [(days, float(values[len(values) // 2])) for days, values in horizons]
    outline = [(0, now), *upper, *reversed(lower)]
    surface = "L".join(place(*point) for point in outline)
    line = "L".join(place(*point) for point in middle)
    at_now = place(0, now).split()
    marks = "".join(
        f'<text x="{place(days, low).split()[0]}" y="117" text-anchor="middle">{days}</text>'
        for days, _ in horizons
    )
    return (
        f'<svg class="fan" viewBox="0 0 316 120" role="img" aria-label="{escape(label)}">'
        f'<line class="rail" x1="6" x2="306" y1="{at_now[1]}" y2="{at_now[1]}"/>'
        f'<path class="area" d="M{surface}Z"/><path class="line" d="M{line}"/>'
        f'<circle class="dot" cx="{at_now[0]}" cy="{at_now[1]}" r="3"/>{marks}</svg>'
    )


def draw_signed(value: str | None, reach: str) -> str:
    """A signed return as a bar from a zero in the middle; `reach` is the longest of its group."""
    if value is None:
        return ""
    width = float(abs(Decimal(value)) / max(abs(Decimal(reach)), Decimal("0.0001"))) * 48
    x, tone = (50.0, "good") if Decimal(value) >= 0 else (50.0 - width, "bad")
    return (
        '<svg class="signed" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{tone}-fill" x="{x:.1f}" width="{width:.1f}" height="8"/>'
        '<line class="axis" x1="50" x2="50" y1="0" y2="8"/></svg>'
    )
