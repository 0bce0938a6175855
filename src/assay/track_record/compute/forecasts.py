"""Forecasts: do outcomes fall inside the stated quantiles, do prices turn at the named levels, do
tokens go where the scenarios say once the market's move is known?

Quantiles and scenarios speak of the log return from the close of the judged day itself, as their
own evaluation measures them: nothing is bought, so nothing waits for the next close.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assay import evaluation, forecasts
from assay.track_record.compute.drafts import (
    SHARES,
    create_generator,
    group_stated,
    list_subjects,
    read_number,
    settle,
    start_results,
    take,
)
from assay.track_record.compute.world import World
from assay.track_record.types import (
    NOTHING,
    Bin,
    By,
    Matrix,
    Measure,
    Places,
    Result,
    Row,
    SaidRows,
    Scored,
    Series,
)

LEVEL = 0.9
FOLLOWED_DAYS = 30


def create_quantile_measures() -> tuple[Measure, ...]:
    """One measure a horizon."""
    return tuple(
        Measure(
            "forecasts.quantiles",
            f"range_90_{horizon}d",
            horizon,
            0,
            "The log return lies between the published 5 % and 95 % quantiles.",
            f"log return from the close of the judged day to the last close within {horizon} days",
            "the same range of a driftless random walk (decay 0.94)",
        )
        for horizon in forecasts.HORIZONS
    )


def score_quantiles(
    world: World, said: SaidRows, measures: Mapping[str, Measure]
) -> dict[str, Scored]:
    """Every horizon of one publication."""
    rows = said.rows
    subjects = list_subjects(rows)
    places = world.find_rows(subjects)
    who = (np.arange(len(rows)), subjects, [str(row["symbol"]) for row in rows])
    return {
        name: _score_horizon(world, said, who, places, measure)
        for name, measure in measures.items()
    }


Who = tuple[Places, Places, list[str]]


def _score_horizon(
    world: World, said: SaidRows, who: Who, places: Places, measure: Measure
) -> Scored:
    levels = forecasts.QUANTILES
    words = [_find_returns(row, measure.horizon, len(levels)) for row in said.rows]
    values = np.array([[read_number(word) for word in item] for item in words], np.float64)
    values = values.reshape(len(words), len(levels)).T
    viewed = np.asarray(np.isfinite(values).all(axis=0))
    results = start_results(viewed)
    texts = [None if item[0] is None else f"{item[0]}..{item[-1]}" for item in words]
    stated = np.where(viewed, LEVEL, np.nan)
    if not world.is_known(measure, said.as_of, None):
        return Scored(*who, texts, stated, np.full_like(stated, NOTHING), results)
    column = world.column(said.as_of)
    outcomes = take(world.ahead(measure.horizon), places, column)
    known = np.isfinite(outcomes)
    settle(results, (outcomes >= values[0]) & (outcomes <= values[-1]), known)
    walk = np.stack([take(part, places, column) for part in world.walk(measure.horizon)])
    used = viewed & known & np.isfinite(walk[0])
    inside = (outcomes >= walk[0]) & (outcomes <= walk[-1])
    crps = evaluation.compute_quantile_crps(values, outcomes, levels)
    usual = evaluation.compute_quantile_crps(walk, outcomes, levels)
    sure = viewed & known
    return Scored(
        *who,
        texts,
        stated,
        outcomes,
        results,
        control_hits=float(inside[used].sum()),
        control_trials=int(used.sum()),
        loss=float(crps[used].sum()),
        loss_count=int(used.sum()),
        loss_control=float(usual[used].sum()),
        bins=[
            Bin(
                By.LEVEL,
                place,
                level * int(sure.sum()),
                int(sure.sum()),
                int((outcomes <= values[place])[sure].sum()),
                0.0,
            )
            for place, level in enumerate(levels)
            if sure.any()
        ],
    )


def _find_returns(row: Row, days: int, count: int) -> list[str | None]:
    for horizon in row["horizons"] or ():
        if horizon["days"] == days:
            return list(horizon["returns"])
    return [None] * count


def create_level_measures() -> tuple[Measure, ...]:
    """The measure of levels."""
    return (
        Measure(
            "forecasts.levels",
            "turns",
            2 * FOLLOWED_DAYS,
            0,
            "The price turns at the level: reached within 30 days, and the first day whose range"
            " lies wholly outside its band, at most 30 days later, is on the side it came from. A"
            " level inside the band of the day's own price is no call; one that is not reached, or"
            " not left, is undecided.",
            "daily highs and lows of the 60 days after the judged one; the outcome is the log"
            " distance of the level from the close",
            "levels of other coins of the same day and side, at the same distance in tolerances",
        ),
    )


def score_levels(
    world: World, said: SaidRows, measures: Mapping[str, Measure]
) -> dict[str, Scored]:
    """The measure of one publication; every level is a statement of its row."""
    (name,) = measures
    measure = measures[name]
    lines = _Levels(said.rows)
    places = world.find_rows(lines.subjects)
    results = start_results(np.isfinite(lines.distances))
    clear = np.abs(lines.distances) > lines.tolerances
    results[(results == Result.OPEN) & ~clear] = Result.NO_CALL
    calls = (results == Result.OPEN) & (places >= 0)
    who = (lines.rows, lines.subjects, lines.names)
    if not world.is_known(measure, said.as_of, None):
        return {name: Scored(*who, lines.said, lines.strength, lines.nothing, results)}
    units = lines.distances[calls] / lines.tolerances[calls]
    scene = _Scene(world, said, places[calls], lines.tolerances[calls])
    real = scene.follow(units)
    random = scene.follow(units[_shuffle_within_sides(units, said.digest)])
    codes = np.full(results.shape, -1, np.int8)
    codes[calls] = real
    hit = codes == forecasts.BOUNCED
    decided = hit | (codes == forecasts.BROKEN)
    settle(results, hit, decided)
    strength = np.where(calls, lines.strength, np.nan)
    used = decided & np.isfinite(strength)
    return {
        name: Scored(
            *who,
            lines.said,
            strength,
            np.where(decided, lines.distances, np.nan),
            results,
            control_hits=float((random == forecasts.BOUNCED).sum()),
            control_trials=int(
                ((random == forecasts.BOUNCED) | (random == forecasts.BROKEN)).sum()
            ),
            loss=float(((strength - hit) ** 2)[used].sum()),
            loss_count=int(used.sum()),
            bins=group_stated(By.PROBABILITY, SHARES, strength, hit, lines.distances, used),
        )
    }


class _Levels:
    """The rows as one line a level; a row without a view is one line."""

    def __init__(self, rows: object) -> None:
        found: list[tuple[int, int, str, str | None, float, float, float]] = []
        for number, row in enumerate(rows if isinstance(rows, list | tuple) else ()):
            head = (number, int(row["token_id"]), str(row["symbol"]))
            if row["no_view"] is not None:
                found.append((*head, None, NOTHING, NOTHING, NOTHING))
                continue
            price, tolerance = float(row["price"]), float(row["tolerance"])
            for level in (*row["supports"], *row["resistances"]):
                distance = float(np.log(float(level["price"]) / price))
                strength = read_number(level["strength"])
                found.append((*head, str(level["price"]), distance, tolerance, strength))
            if not row["supports"] and not row["resistances"]:
                found.append((*head, None, NOTHING, NOTHING, NOTHING))
        columns = list(zip(*found, strict=True)) if found else [()] * 7
        self.rows = np.array(columns[0], np.int64)
        self.subjects = np.array(columns[1], np.int64)
        self.names = [str(name) for name in columns[2]]
        self.said = [None if text is None else str(text) for text in columns[3]]
        self.distances, self.tolerances, self.strength = (
            np.array(column, np.float64) for column in columns[4:]
        )
        self.nothing = np.full(self.distances.shape, np.nan)


class _Scene:
    """The 60 days after a day, of the coins whose levels are followed."""

    def __init__(self, world: World, said: SaidRows, rows: Places, tolerances: Series) -> None:
        column = world.column(said.as_of)
        window = slice(column, column + 2 * FOLLOWED_DAYS + 1)
        self.coins, self.rows = np.unique(rows, return_inverse=True)
        sources = (world.highs, world.lows, world.closes)
        high, low, close = (np.ascontiguousarray(part[self.coins, window]) for part in sources)
        self.bars = (high, low, close)
        self.tolerances = tolerances
        self.base = np.log(close[self.rows, 0])

    def follow(self, units: Series) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
        """What became of levels at these distances in tolerances."""
        if not self.rows.size:
            return np.zeros(0, np.int8)
        columns = np.zeros(self.rows.size, np.int64)
        levels = self.base + units * self.tolerances
        return forecasts.follow_levels(
            self.bars, self.rows.astype(np.int64), columns, levels, self.tolerances, FOLLOWED_DAYS
        )


def _shuffle_within_sides(units: Series, digest: str) -> Places:
    generator = create_generator(digest)
    order = np.arange(units.size)
    for side in (units > 0.0, ~(units > 0.0)):
        places = np.flatnonzero(side)
        order[places] = generator.permutation(places)
    return order


def create_scenario_measures() -> tuple[Measure, ...]:
    """One measure a horizon."""
    return tuple(
        Measure(
            "forecasts.scenarios",
            f"band_80_{horizon}d",
            horizon,
            0,
            "Given where the market went, the token's log return lies inside its published 80 %"
            " band around beta times the market's.",
            f"log return from the close of the judged day to the last close within {horizon} days,"
            " less beta times the market's",
            "the same band around the market's own move (beta 1)",
        )
        for horizon in forecasts.SCENARIO_HORIZONS
    )


def score_scenarios(
    world: World, said: SaidRows, measures: Mapping[str, Measure]
) -> dict[str, Scored]:
    """Every horizon of one publication."""
    subjects = list_subjects(said.rows)
    places = world.find_rows(subjects)
    who = (np.arange(len(said.rows)), subjects, [str(row["symbol"]) for row in said.rows])
    return {
        name: _score_band(world, said, who, places, measure) for name, measure in measures.items()
    }


def _score_band(world: World, said: SaidRows, who: Who, places: Places, measure: Measure) -> Scored:
    beta = np.array([read_number(row["beta"]) for row in said.rows])
    half = _read_bands(said.rows, measure.horizon)
    viewed = np.isfinite(beta) & np.isfinite(half)
    results = start_results(viewed)
    stated = np.where(viewed, 0.8, np.nan)
    texts = [None if row["beta"] is None else str(row["beta"]) for row in said.rows]
    if not world.is_known(measure, said.as_of, None):
        return Scored(*who, texts, stated, np.full_like(stated, NOTHING), results)
    column = world.column(said.as_of)
    outcomes = take(world.ahead(measure.horizon), places, column)
    moved = float(world.market_moves[measure.horizon][column])
    strayed = outcomes - beta * moved
    known = np.isfinite(strayed)
    # Prices are sealed with 6 digits: half of the last one is not a miss.
    settle(results, np.abs(strayed) <= half + 1e-4, known)
    used = viewed & known
    alone = np.abs(outcomes - moved)
    return Scored(
        *who,
        texts,
        stated,
        strayed,
        results,
        control_hits=float((alone <= half + 1e-4)[used].sum()),
        control_trials=int(used.sum()),
        loss=float(np.abs(strayed)[used].sum()),
        loss_count=int(used.sum()),
        loss_control=float(alone[used].sum()),
    )


def _read_bands(rows: object, days: int) -> Matrix:
    found = []
    for row in rows if isinstance(rows, list | tuple) else ():
        part = next((item for item in row["horizons"] or () if item["days"] == days), None)
        if part is None:
            found.append(NOTHING)
            continue
        low, high = float(part["prices_low"][1]), float(part["prices_high"][1])
        found.append(0.5 * float(np.log(high / low)) if low > 0.0 else NOTHING)
    return np.array(found, np.float64)
