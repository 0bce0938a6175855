"""Support and resistance: prices near which a token has turned before, and what happened there.

A turning point is a day whose high is the highest (or whose low is the lowest) of the 5 days on
either side; it is known 5 days later. Turning points of the last 365 days that lie within one
tolerance (half a daily deviation) of each other form a level: the window of that width with the
most of them, then the next among the rest. The level is the mean of their log prices.

Every level is then tried on the days from 5 before its first turning point. A visit begins when the
day's range enters the band level +- tolerance and lasts until a day's range lies wholly outside: a
bounce if that is the side the price came from. Pure prices: volume plays no part.
"""

import numpy as np
from numpy.typing import NDArray

from assay.factors import compute_log
from assay.forecasts.types import Levels, Matrix, Series
from assay.kit.compiled import kernel

Columns = NDArray[np.int64]
Counts = NDArray[np.int64]

LOOK_BACK_DAYS = 365
TURN_DAYS = 5
TOLERANCE_SHARE = 0.5
SIDES = 3
"""Levels shown below the price, and above it."""
_LEAST_TURNS = 2
_CANDIDATES = 12


@kernel
def _is_highest(values: Series, day: int) -> bool:
    if values[day] != values[day] or day < TURN_DAYS or day + TURN_DAYS >= values.size:
        return False
    for other in range(day - TURN_DAYS, day + TURN_DAYS + 1):
        # The first of equals turns, so that a flat top is one turning point.
        if values[other] > values[day] or (other < day and values[other] == values[day]):
            return False
    return True


@kernel
def _find_turns(high: Series, low: Series, days: Columns, prices: Series) -> int:
    """Write turning points in order of time; the count of them."""
    count = 0
    falling = -low
    for day in range(high.size):
        if _is_highest(high, day):
            days[count] = day
            prices[count] = high[day]
            count += 1
        if _is_highest(falling, day):
            days[count] = day
            prices[count] = low[day]
            count += 1
    return count


@kernel
def _densest(ordered: Series, count: int, width: float) -> tuple[int, int]:
    """(start, how many) of the fullest window of `width` in ascending prices; the lowest of
    equals.
    """
    best_start, best = 0, 0
    end = 0
    for start in range(count):
        end = max(end, start)
        while end < count and ordered[end] - ordered[start] <= width:
            end += 1
        if end - start > best:
            best_start, best = start, end - start
    return best_start, best


@kernel
def _cluster(prices: Series, days: Columns, width: float, level: Series, first: Columns) -> int:
    """Write up to 12 levels and the day of each one's first turning point; the count of them."""
    order = np.argsort(prices, kind="mergesort")
    ordered = prices[order]
    when = days[order]
    left = ordered.size
    found = 0
    while found < level.size:
        start, inside = _densest(ordered, left, width)
        if inside < _LEAST_TURNS:
            break
        total = 0.0
        earliest = when[start]
        for place in range(start, start + inside):
            total += ordered[place]
            earliest = min(earliest, when[place])
        level[found] = total / inside
        first[found] = earliest
        found += 1
        for place in range(start + inside, left):
            ordered[place - inside] = ordered[place]
            when[place - inside] = when[place]
        left -= inside
    return found


@kernel
def _visit(
    bars: Matrix, start: int, stop: int, level: float, tolerance: float, out: Columns
) -> None:
    """Count visits between two columns: out = touches, bounces, first and last column.

    `bars` are log high, low and close. A visit that has not ended counts as touched only.
    """
    out[0], out[1], out[2], out[3] = 0, 0, -1, -1
    upper, lower = level + tolerance, level - tolerance
    came_from = 0
    is_inside = False
    for day in range(start, stop):
        close = bars[2, day]
        if close != close:
            continue
        if bars[1, day] <= upper and bars[0, day] >= lower:
            if not is_inside and came_from != 0:
                out[0] += 1
                out[2] = day if out[2] < 0 else out[2]
                out[3] = day
                is_inside = True
            continue
        side = 1 if close > level else -1
        if is_inside and side == came_from:
            out[1] += 1
        is_inside = False
        came_from = side


@kernel
def _is_shown(level: Series, found: int, place: int, price: float) -> bool:
    """Among the three nearest on its side of the price."""
    is_below = level[place] < price
    nearer = 0
    for other in range(found):
        same_side = (level[other] < price) == is_below
        if same_side and abs(level[other] - price) < abs(level[place] - price):
            nearer += 1
    return nearer < SIDES


@kernel
def _levels_of_day(
    bars: Matrix,
    turns: Series,
    turn_days: Columns,
    day: int,
    tolerance: float,
    level: Series,
    counts: Counts,
) -> None:
    candidates = np.empty(_CANDIDATES)
    starts = np.empty(_CANDIDATES, np.int64)
    visits = np.empty(4, np.int64)
    found = _cluster(turns, turn_days, 2.0 * tolerance, candidates, starts)
    price = bars[2, day]
    shown = 0
    for place in range(found):
        if not _is_shown(candidates, found, place, price):
            continue
        _visit(
            bars, max(starts[place] - TURN_DAYS, 0), day + 1, candidates[place], tolerance, visits
        )
        if visits[0] > 0:
            level[shown] = candidates[place]
            for part in range(4):
                counts[shown, part] = visits[part]
            shown += 1


@kernel
def _levels(bars: Matrix, tolerances: Series, since: int, level: Matrix, counts: Counts) -> None:
    days = bars.shape[1]
    turn_days = np.empty(2 * days, np.int64)
    turns = np.empty(2 * days)
    total = _find_turns(bars[0], bars[1], turn_days, turns)
    begin, end = 0, 0
    for day in range(days):
        while end < total and turn_days[end] + TURN_DAYS <= day:
            end += 1
        while begin < end and turn_days[begin] <= day - LOOK_BACK_DAYS:
            begin += 1
        if day >= since and tolerances[day] > 0.0 and bars[2, day] == bars[2, day]:
            _levels_of_day(
                bars,
                turns[begin:end],
                turn_days[begin:end],
                day,
                tolerances[day],
                level[day],
                counts[day],
            )


def compute_levels(
    high: Series, low: Series, close: Series, tolerances: Series, since: int = 0
) -> Levels:
    """Levels of one token for each day from column `since` on, [days, levels], nearest not first.

    Prices [days] are continuous through redenominations; `tolerances` [days] are half widths of the
    band in log price (`TOLERANCE_SHARE` of a daily deviation), NaN where nothing shall be said.
    Reads 365 days back and nothing after the day itself: a longer history changes no earlier row.
    """
    bars = compute_log(np.stack([high, low, close]))
    level = np.full((close.size, 2 * SIDES), np.nan)
    counts = np.full((close.size, 2 * SIDES, 4), -1, np.int64)
    _levels(bars, np.ascontiguousarray(tolerances), since, level, counts)
    return Levels(level, *(counts[:, :, part] for part in range(4)))
