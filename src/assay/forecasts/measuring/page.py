"""The page and the lines for a terminal: coverage first, then what does not work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from assay import evaluation
from assay.evaluation import Card, QuantileScore, Section
from assay.forecasts.measuring.levels import FOLLOWED_DAYS, LevelScore
from assay.forecasts.measuring.quantiles import TrendScore
from assay.forecasts.measuring.scenarios import ScenarioScore
from assay.forecasts.types import QUANTILE_NAMES, THIRD_NAMES, Series

HEADLINE = 7
NO_SKILL = "no skill shown"
_WEEK = 7


@dataclass(frozen=True)
class Findings:
    """Everything that was measured over one window."""

    first_day: date
    last_day: date
    origin: str
    chips: Sequence[tuple[str, str]]
    horizons: Mapping[int, QuantileScore]
    trends: Sequence[TrendScore]
    levels: LevelScore | None
    scenarios: Sequence[ScenarioScore]

    @property
    def days(self) -> int:
        """Days of the window."""
        return (self.last_day - self.first_day).days + 1

    @property
    def headline(self) -> tuple[int, QuantileScore]:
        """The horizon that is shown first: 7 days where it has outcomes."""
        horizon = HEADLINE if HEADLINE in self.horizons else min(self.horizons)
        return horizon, self.horizons[horizon]


def summarise(findings: Findings) -> list[tuple[str, str]]:
    """The lines a terminal shows."""
    lines = []
    for horizon, score in findings.horizons.items():
        pair = score.pairs[0]
        thirds = " ".join(_share(value) for value in score.thirds)
        lines.append(
            (
                f"{_days(horizon)}: promised {pair.level:.0%}",
                f"covered {_share(pair.coverage)} (thirds {thirds}; worst month "
                f"{_share(score.worst_month[1])} in {score.worst_month[0]}); Winkler "
                f"{_number(pair.winkler_ratio)}, CRPS {_number(score.crps_ratio)} of a random walk",
            )
        )
    lines += [
        (f"Trend, {_days(score.horizon_days)} later", _say_trend(score))
        for score in findings.trends
    ]
    if findings.levels is not None:
        lines.append(("Levels", _say_levels(findings.levels)))
    lines += [
        (f"Scenarios, {_days(score.horizon_days)}", _say_scenario(score))
        for score in findings.scenarios
    ]
    return lines


def create_page(findings: Findings) -> str:
    """One self-contained HTML page."""
    horizon, score = findings.headline
    pair = score.pairs[0]
    return evaluation.create_blank_page(
        "Forecasts: do they hold?",
        f"Of {score.forecasts:,} forecasts over {_days(horizon)}, {pair.coverage:.1%} of outcomes "
        f"fell inside the interval that promised {pair.level:.0%}. Against a random walk with the "
        f"same task its Winkler score is {pair.winkler_ratio:.3f} and its CRPS "
        f"{score.crps_ratio:.3f}; below 1 is better. The median claims no drift.",
        origin=findings.origin,
        chips=findings.chips,
        notes=(
            "Coins move together: a shock breaks the intervals of all of them in the same month, "
            "and overlapping windows are not new evidence. Of 90 days the window holds about "
            f"{findings.days // 90} that do not overlap.",
        ),
        tiles=_list_tiles(findings),
        sections=[
            _create_coverage(findings),
            _create_shape(findings),
            _create_trends(findings),
            _create_levels(findings),
            _create_scenarios(findings),
        ],
    )


def _list_tiles(findings: Findings) -> list[tuple[str, str, str]]:
    tiles = []
    for horizon, score in findings.horizons.items():
        pair = score.pairs[0]
        tiles.append(
            (
                f"Coverage, {_days(horizon)}",
                f"{pair.coverage:.1%}",
                f"promised {pair.level:.0%}; Winkler {pair.winkler_ratio:.3f} of a random walk",
            )
        )
    for trend in findings.trends[:1]:
        verdict = "some skill" if trend.has_skill else NO_SKILL
        tiles.append(("Trend calls", verdict, f"up minus down, t {_number(trend.t, '.1f')}"))
    if findings.levels is not None:
        verdict = "some skill" if findings.levels.has_skill else NO_SKILL
        tiles.append(("Levels", verdict, f"against random ones, t {findings.levels.t:.1f}"))
    return tiles


def _create_coverage(findings: Findings) -> Section:
    horizon, score = findings.headline
    days = _list_days(findings, score.daily_coverage)
    rows = []
    for name, each in findings.horizons.items():
        pair = each.pairs[0]
        rows.append(
            [
                _days(name),
                _share(pair.coverage),
                *(_share(value) for value in each.thirds),
                *(_share(after) for after in _list_crashes(findings, each)),
                f"{_share(each.worst_month[1])} {each.worst_month[0]}",
                _number(pair.winkler_ratio),
                _number(each.crps_ratio),
            ]
        )
        rows.append(
            [
                "random walk",
                _share(pair.walk_coverage),
                *(_share(value) for value in each.walk_thirds),
                *(_share(after) for after in _list_crashes(findings, each, walk=True)),
                f"{_share(each.walk_worst_month[1])} {each.walk_worst_month[0]}",
                "1",
                "1",
            ]
        )
    crashes = [name for name, _, _ in score.windows]
    head = ["90 % interval", "covered", *THIRD_NAMES, *(f"after {name}" for name in crashes)]
    return Section(
        "Do the intervals hold?",
        "Every coin with 30 days of history, dead ones included, from the close of the day. "
        "Thirds are of the day's 30-day volatility. The random walk has no drift and an "
        "exponentially weighted volatility (decay 0.94).",
        [
            Card(
                "By horizon",
                "Winkler and CRPS as a share of the random walk's: below 1 is better.",
                evaluation.create_table([*head, "worst month", "Winkler", "CRPS"], rows),
                wide=True,
            ),
            Card(
                f"Coverage, {_days(horizon)}",
                "Share of the day's coins whose outcome fell inside, mean of seven days.",
                evaluation.draw_lines(
                    days,
                    {"covered": _smooth(score.daily_coverage), "promised": np.full(len(days), 0.9)},
                    ".0%",
                    wide=True,
                ),
                wide=True,
            ),
            Card(
                "By month",
                f"{_days(horizon).capitalize()}; a common shock shows as one bad month.",
                evaluation.draw_bars(list(score.months), ".0%", wide=False, highlight=None),
            ),
            Card(
                "Width",
                "Mean width of the interval, log return.",
                evaluation.draw_lines(days, {_days(horizon): score.daily_width}, ".2f"),
            ),
        ],
    )


def _create_shape(findings: Findings) -> Section:
    edges = ["0", *QUANTILE_NAMES, "1"]
    cards = []
    for horizon, score in findings.horizons.items():
        cells = [
            (f"{low} to {high}", seen / said)
            for low, high, seen, said in zip(
                edges[:-1], edges[1:], score.cells, score.nominal, strict=True
            )
        ]
        cards.append(
            Card(
                _days(horizon).capitalize(),
                "Outcomes between neighbouring quantiles, over what was promised: 1 is right.",
                evaluation.draw_bars(cells, ".2f", wide=False, highlight=None),
            )
        )
    rows = [
        [
            f"{_days(horizon)}, {pair.level:.0%}",
            _share(pair.coverage),
            _share(pair.below),
            _share(pair.above),
            _number(pair.width),
            _number(pair.winkler_ratio),
        ]
        for horizon, score in findings.horizons.items()
        for pair in score.pairs
    ]
    head = ["interval", "covered", "below", "above", "width", "Winkler"]
    cards.append(Card("Every interval", "Log returns.", evaluation.create_table(head, rows)))
    return Section(
        "Is every quantile right?",
        "Were each of them right, every bar would be 1. Low bars in the middle and high ones at "
        "the ends are intervals that are too narrow; more below than above is a falling market, "
        "which no quantile claimed to foresee.",
        cards,
    )


def _create_trends(findings: Findings) -> Section:
    rows = [
        [
            _days(score.horizon_days),
            *(f"{score.shares[name]:.0%}" for name in score.shares),
            *(_number(score.returns[name], ".2%") for name in score.returns),
            _number(score.difference, ".2%"),
            _number(score.t, ".1f"),
            "some skill" if score.has_skill else NO_SKILL,
        ]
        for score in findings.trends
    ]
    head = ["after", "up", "none", "down", "after up", "after none", "after down"]
    return Section(
        "Do trend calls mean anything?",
        "A call says how a price has moved. Returns after it, bought a day later, are shown minus "
        "the same day's mean coin; t is of up minus down, over months.",
        [
            Card(
                "Return after a call",
                "Share of coin-days of each call, mean log return after it.",
                evaluation.create_table([*head, "up minus down", "t", "verdict"], rows),
                wide=True,
            )
        ],
    )


def _create_levels(findings: Findings) -> Section:
    score = findings.levels
    words = (
        f"Levels outside the price's own band, followed for {FOLLOWED_DAYS} days: reached when the "
        "range enters the band, turned when the next day wholly outside is on the side the price "
        "came from. The random ones belong to other coins of the same day, at the same distance."
    )
    if score is None:
        return Section("Do prices turn at levels?", words, [])
    rows = [
        ["reached", _share(score.reached), _share(score.reached_random)],
        ["turned, of those decided", _share(score.bounced), _share(score.bounced_random)],
        [
            "turned, 5 visits or more",
            _share(score.bounced_well_tried),
            _share(score.bounced_well_tried_random),
        ],
    ]
    verdict = "Some skill" if score.has_skill else "No skill shown"
    return Section(
        "Do prices turn at levels?",
        words,
        [
            Card(
                verdict,
                f"{score.named:,} levels; mean monthly difference {_number(score.difference)}, "
                f"t {_number(score.t, '.1f')} over {score.months} months.",
                evaluation.create_table(["", "named", "random"], rows),
                wide=True,
            )
        ],
    )


def _create_scenarios(findings: Findings) -> Section:
    rows = [
        [
            _days(score.horizon_days),
            _share(score.band_coverage),
            _number(score.error),
            _number(score.error_beta_one),
            _number(score.error_no_market),
            _share(score.below_bear),
            _share(score.above_bull),
        ]
        for score in findings.scenarios
    ]
    head = ["over", "inside 80 % band", "error", "with beta 1", "without the market"]
    return Section(
        "If the market had been known",
        "Scenarios say what follows from a move of the market, not that it comes. Errors are mean "
        "absolute log returns once the market's move is known.",
        [
            Card(
                "Tokens given the market",
                "Bear and bull are the worst and the best tenth of the market's own past.",
                evaluation.create_table([*head, "market below bear", "above bull"], rows),
                wide=True,
            )
        ],
    )


def _say_trend(score: TrendScore) -> str:
    verdict = "some skill" if score.has_skill else NO_SKILL
    return (
        f"{verdict}: up minus down {_number(score.difference, '.2%')} "
        f"(t {_number(score.t, '.1f')}); calls up {score.shares['up']:.0%}, "
        f"down {score.shares['down']:.0%} of coin-days"
    )


def _say_levels(score: LevelScore) -> str:
    verdict = "some skill" if score.has_skill else NO_SKILL
    return (
        f"{verdict}: prices turned at {_share(score.bounced)} of the levels they reached, at "
        f"{_share(score.bounced_random)} of random ones (t {_number(score.t, '.1f')})"
    )


def _say_scenario(score: ScenarioScore) -> str:
    return (
        f"{_share(score.band_coverage)} inside the 80 % band; mean error {_number(score.error)}, "
        f"without the market {_number(score.error_no_market)}"
    )


def _list_crashes(findings: Findings, score: QuantileScore, *, walk: bool = False) -> list[float]:
    known = {name: (ours, naive) for name, ours, naive in score.windows}
    names = [name for name, _, _ in findings.headline[1].windows]
    return [known.get(name, (float("nan"),) * 2)[int(walk)] for name in names]


def _list_days(findings: Findings, values: Series) -> list[date]:
    return [findings.first_day + timedelta(days=day) for day in range(values.size)]


def _smooth(values: Series) -> Series:
    """Mean of the known values of the seven days that end with each."""
    known = np.isfinite(values)
    total = np.cumsum(np.where(known, values, 0.0))
    count = np.cumsum(known)
    total[_WEEK:], count[_WEEK:] = total[_WEEK:] - total[:-_WEEK], count[_WEEK:] - count[:-_WEEK]
    return np.where(known, total / np.maximum(count, 1), np.nan)


def _days(horizon: int) -> str:
    return f"{horizon} day" if horizon == 1 else f"{horizon} days"


def _share(value: float) -> str:
    return _number(value, ".1%")


def _number(value: float, form: str = ".3f") -> str:
    return evaluation.format_number(value, form)
