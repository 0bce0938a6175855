"""Are the picks worth anything? Every published list, beside the median coin and Bitcoin. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from assay.briefing.compute.prices import Prices
from assay.briefing.compute.record import Outcome, list_outcomes
from assay.briefing.types import Json
from assay.evaluation import compute_newey_west_t

Series = NDArray[np.float64]
LAGS = (0, 1, 2)
HEADLINE_LAG = 1


@dataclass(frozen=True, slots=True)
class Lists:
    """Daily figures of the lists whose horizon is over, each [days]: means over the picks of a
    list, and what the whole market did over the same days.
    """

    days: tuple[date, ...]
    outcomes: tuple[Outcome, ...]
    picks: Series
    median_coin: Series
    bitcoin: Series
    market_positive: Series
    market_mean: Series


@dataclass(frozen=True, slots=True)
class PickScore:
    """Picks of a window. Shares and returns are fractions; a t counts overlapping days once.

    `share_positive_market` and the 50 % behind `share_beat_median` are what any coin would get.
    """

    lists: int
    picks: int
    stopped: int
    mean_return: float
    median_return: float
    share_positive: float
    share_positive_market: float
    share_beat_median: float
    share_beat_bitcoin: float
    median_coin: float
    mean_coin: float
    bitcoin: float
    excess_median: float
    excess_median_t: float
    excess_mean: float
    excess_mean_t: float


def collect_lists(
    said: Mapping[date, Sequence[Json]],
    horizon_days: int,
    prices: Prices,
    last_day: date,
    lag: int = HEADLINE_LAG,
) -> Lists:
    """Follow the lists of `said` (picks by day) whose outcome is known by `last_day`."""
    days = [day for day in sorted(said) if day + timedelta(days=horizon_days + lag) <= last_day]
    found = {day: list_outcomes(list(said[day]), day, horizon_days, prices, lag) for day in days}
    days = [day for day in days if found[day]]
    market = {
        day: prices.compute_returns(
            day + timedelta(days=lag), day + timedelta(days=lag + horizon_days)
        )
        for day in days
    }
    return Lists(
        days=tuple(days),
        outcomes=tuple(outcome for day in days for outcome in found[day]),
        picks=np.array([np.mean([item.gained for item in found[day]]) for day in days]),
        median_coin=np.array([found[day][0].median for day in days]),
        bitcoin=np.array([found[day][0].bitcoin for day in days]),
        market_positive=np.array([np.mean(market[day] > 0.0) for day in days]),
        market_mean=np.array([np.mean(market[day]) for day in days]),
    )


def score_lists(lists: Lists, horizon_days: int) -> PickScore | None:
    """The lists in one line; None without any."""
    if not lists.days:
        return None
    gains = np.array([item.gained for item in lists.outcomes])
    medians = np.array([item.median for item in lists.outcomes])
    bitcoin = np.array([item.bitcoin for item in lists.outcomes])
    over_median = lists.picks - lists.median_coin
    over_mean = lists.picks - lists.market_mean
    return PickScore(
        lists=len(lists.days),
        picks=gains.size,
        stopped=sum(item.has_stopped for item in lists.outcomes),
        mean_return=float(np.mean(gains)),
        median_return=float(np.median(gains)),
        share_positive=float(np.mean(gains > 0.0)),
        share_positive_market=float(np.mean(lists.market_positive)),
        share_beat_median=float(np.mean(gains > medians)),
        share_beat_bitcoin=float(np.mean(gains > bitcoin)),
        median_coin=float(np.mean(lists.median_coin)),
        mean_coin=float(np.mean(lists.market_mean)),
        bitcoin=float(np.mean(lists.bitcoin)),
        excess_median=float(np.mean(over_median)),
        excess_median_t=compute_newey_west_t(over_median, horizon_days),
        excess_mean=float(np.mean(over_mean)),
        excess_mean_t=compute_newey_west_t(over_mean, horizon_days),
    )


def split_years(lists: Lists) -> dict[int, Lists]:
    """The lists by calendar year."""
    years = sorted({day.year for day in lists.days})
    return {year: _select(lists, year) for year in years}


def chain_lists(lists: Lists, horizon_days: int) -> tuple[list[date], dict[str, Series]]:
    """Value of 1 that buys one list after another without overlap, beside the median coin and
    Bitcoin over the same days; before costs. Daily, flat until a list has come to its end.
    """
    known = {"picks": lists.picks, "median coin": lists.median_coin, "Bitcoin": lists.bitcoin}
    width = (lists.days[-1] - lists.days[0]).days + horizon_days + 1
    grown = {name: np.ones(width + 1) for name in known}
    for place in _list_apart(lists, horizon_days):
        ends = (lists.days[place] - lists.days[0]).days + horizon_days + 1
        for name, values in known.items():
            grown[name][ends:] *= 1.0 + values[place]
    return [lists.days[0] + timedelta(days=back) for back in range(width + 1)], grown


def count_apart(lists: Lists, horizon_days: int) -> int:
    """How many lists do not overlap: how often the market was really asked."""
    return len(_list_apart(lists, horizon_days))


def _list_apart(lists: Lists, horizon_days: int) -> list[int]:
    places: list[int] = []
    for place, day in enumerate(lists.days):
        if not places or (day - lists.days[places[-1]]).days > horizon_days:
            places.append(place)
    return places


def _select(lists: Lists, year: int) -> Lists:
    keep = np.array([day.year == year for day in lists.days])
    return Lists(
        days=tuple(day for day in lists.days if day.year == year),
        outcomes=tuple(item for item in lists.outcomes if item.list_day.year == year),
        picks=lists.picks[keep],
        median_coin=lists.median_coin[keep],
        bitcoin=lists.bitcoin[keep],
        market_positive=lists.market_positive[keep],
        market_mean=lists.market_mean[keep],
    )
