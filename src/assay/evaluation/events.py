"""Does an order or a probability foretell rare events?

An event is something that happens to a coin within a fixed number of days after a judgement, such
as a fall of 80 %. Judgements of neighbouring days look at nearly the same days ahead, so one event
is seen by many of them: an **episode** counts it once. Everything here runs from the first day to
the last and sums row by row: a longer window changes no earlier value, on any machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.evaluation.types import Flags, Matrix, Series
from assay.kit.compiled import kernel
from assay.kit.errors import BadInput

Z_90 = 1.6448536269514722
"""Normal quantile of a two-sided 90 % interval."""

Episodes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EventScore:
    """How well an order foretold an event, over judgements whose outcome is known.

    `auc_daily` weighs every day with an event alike, `auc_events` every judgement that came true,
    `auc_episodes` every episode. `lift` is the frequency in each day's top share over that of all.
    NaN where nothing happened.
    """

    judgements: int
    events: int
    episodes: int
    days_with_events: int
    rate: float
    auc_daily: float
    auc_events: float
    auc_episodes: float
    lift: float


@dataclass(frozen=True, slots=True)
class EventBrier:
    """Mean squared error of stated probabilities, of the comparison, and 1 - one / the other."""

    judgements: int
    brier: float
    brier_base: float
    skill: float


@dataclass(frozen=True, slots=True)
class EventGroup:
    """One group of judgements: mean stated probability, observed frequency and its interval."""

    stated: float
    observed: float
    low: float
    high: float
    judgements: int
    events: int
    episodes: int


@kernel
def _percentiles(scores: Matrix, happened: Flags, members: Flags, out: Matrix) -> None:
    tokens, days = scores.shape
    quiet = np.empty(tokens)
    for day in range(days):
        count = 0
        for token in range(tokens):
            if members[token, day] and not happened[token, day]:
                quiet[count] = scores[token, day]
                count += 1
        if count == 0:
            continue
        ordered = np.sort(quiet[:count])
        for token in range(tokens):
            if members[token, day] and happened[token, day]:
                below = np.searchsorted(ordered, scores[token, day], side="left")
                not_above = np.searchsorted(ordered, scores[token, day], side="right")
                out[token, day] = 0.5 * (below + not_above) / count


def compute_event_percentiles(scores: Matrix, happened: Flags, members: Flags) -> Matrix:
    """Of each member to which the event happened: the share of the day's other members that scored
    lower, equal scores counting half, [tokens, days].

    The mean over a day is the area under its ROC curve (AUC; Mann and Whitney 1947). NaN for other
    members and on days on which it happened to all. Scores of members are finite. Raises BadInput
    for shapes that differ.
    """
    _check_shapes(scores, happened, members)
    out = np.full(scores.shape, np.nan)
    _percentiles(
        np.ascontiguousarray(scores, np.float64),
        np.ascontiguousarray(happened),
        np.ascontiguousarray(members),
        out,
    )
    return out


@kernel
def _daily_means(values: Matrix, out: Series) -> None:
    for day in range(values.shape[1]):
        total = 0.0
        count = 0
        for token in range(values.shape[0]):
            if values[token, day] == values[token, day]:
                total += values[token, day]
                count += 1
        if count > 0:
            out[day] = total / count


def compute_daily_auc(scores: Matrix, happened: Flags, members: Flags) -> Series:
    """AUC of each day [days]; NaN on a day on which the event happened to none or to all."""
    percentiles = compute_event_percentiles(scores, happened, members)
    out = np.full(scores.shape[1], np.nan)
    _daily_means(percentiles, out)
    return out


@kernel
def _number_episodes(happened: Flags, gap: int, out: Episodes) -> int:
    count = 0
    for token in range(happened.shape[0]):
        start = -gap - 1
        for day in range(happened.shape[1]):
            if happened[token, day]:
                if day - start > gap:
                    start = day
                    count += 1
                out[token, day] = count - 1
    return count


def number_episodes(happened: Flags, gap_days: int) -> tuple[Episodes, int]:
    """The episode each event-day of [tokens, days] belongs to (-1: none), and how many there are.

    A coin's event-day more than `gap_days` after the start of its last episode starts another one.
    Numbers go by token, then by day.
    """
    out = np.full(happened.shape, -1, np.int64)
    count = _number_episodes(np.ascontiguousarray(happened), gap_days, out)
    return out, int(count)


@kernel
def _mark_top(scores: Matrix, members: Flags, share: float, out: Flags) -> None:
    tokens, days = scores.shape
    positions = np.empty(tokens, np.int64)
    keys = np.empty(tokens)
    for day in range(days):
        count = 0
        for token in range(tokens):
            if members[token, day]:
                positions[count] = token
                keys[count] = -scores[token, day]
                count += 1
        order = np.argsort(keys[:count], kind="mergesort")
        for place in range(math.ceil(share * count)):
            out[positions[order[place]], day] = True


def mark_top_share(scores: Matrix, members: Flags, share: float) -> Flags:
    """The highest scored `share` of each day's members (rounded up), ties by position."""
    if not 0.0 < share <= 1.0:
        raise BadInput(f"a share of {share} marks nobody", hint="Choose one above 0, up to 1.")
    out = np.zeros(scores.shape, np.bool_)
    _mark_top(np.ascontiguousarray(scores, np.float64), np.ascontiguousarray(members), share, out)
    return out


@kernel
def _mean_by_episode(values: Matrix, episodes: Episodes, count: int) -> float:
    totals = np.zeros(count)
    counts = np.zeros(count)
    for token in range(values.shape[0]):
        for day in range(values.shape[1]):
            if episodes[token, day] >= 0 and values[token, day] == values[token, day]:
                totals[episodes[token, day]] += values[token, day]
                counts[episodes[token, day]] += 1.0
    total = 0.0
    known = 0
    for episode in range(count):
        if counts[episode] > 0.0:
            total += totals[episode] / counts[episode]
            known += 1
    return total / known if known > 0 else np.nan


@kernel
def _sum_known(values: Series) -> tuple[float, int]:
    total = 0.0
    count = 0
    for value in values:
        if value == value:
            total += value
            count += 1
    return total, count


def score_events(
    scores: Matrix, happened: Flags, members: Flags, *, gap_days: int, share: float = 0.1
) -> EventScore:
    """How well `scores` (high = likely) order the members to which the event happened.

    All [tokens, days]; `members` are judgements whose outcome is known and whose score is finite.
    """
    happened = happened & members
    return score_percentiles(
        compute_event_percentiles(scores, happened, members),
        mark_top_share(scores, members, share),
        happened,
        members,
        gap_days=gap_days,
    )


def score_percentiles(
    percentiles: Matrix, top: Flags, happened: Flags, members: Flags, *, gap_days: int
) -> EventScore:
    """The same from what `compute_event_percentiles` and `mark_top_share` gave, on any days of
    theirs; `happened` lies within `members`.
    """
    percentiles = np.ascontiguousarray(percentiles)
    daily = np.full(members.shape[1], np.nan)
    _daily_means(percentiles, daily)
    episodes, count = number_episodes(happened, gap_days)
    judgements, events = int(members.sum()), int(happened.sum())
    rate = events / judgements if judgements else math.nan
    hits, tops = int((happened & top).sum()), int(top.sum())
    by_day, days = _sum_known(daily)
    by_event, known = _sum_known(percentiles.reshape(-1))
    return EventScore(
        judgements=judgements,
        events=events,
        episodes=count,
        days_with_events=int(happened.any(axis=0).sum()),
        rate=rate,
        auc_daily=by_day / days if days else math.nan,
        auc_events=by_event / known if known else math.nan,
        auc_episodes=float(_mean_by_episode(percentiles, episodes, count)),
        lift=hits / tops / rate if events and tops else math.nan,
    )


@kernel
def _squares(stated: Matrix, happened: Flags, members: Flags) -> float:
    total = 0.0
    for token in range(stated.shape[0]):
        for day in range(stated.shape[1]):
            if members[token, day]:
                error = stated[token, day] - (1.0 if happened[token, day] else 0.0)
                total += error * error
    return total


def score_probabilities(
    stated: Matrix, base: Matrix, happened: Flags, members: Flags
) -> EventBrier:
    """Brier score (1950) of `stated` probabilities against always saying `base`, what the base rate
    was known to be on the day; all [tokens, days]. NaN without members.
    """
    count = int(members.sum())
    if not count:
        return EventBrier(0, math.nan, math.nan, math.nan)
    flags = np.ascontiguousarray(happened), np.ascontiguousarray(members)
    brier = _squares(np.ascontiguousarray(stated, np.float64), *flags) / count
    usual = _squares(np.ascontiguousarray(base, np.float64), *flags) / count
    return EventBrier(count, brier, usual, 1.0 - brier / usual if usual > 0.0 else math.nan)


def group_by_rank(scores: Matrix, members: Flags, groups: int = 10) -> NDArray[np.int64]:
    """Each member's group within its day, 0 for the lowest scores, -1 for no member. Groups hold
    equal numbers up to one; ties go by position.
    """
    out = np.full(scores.shape, -1, np.int64)
    for day in range(scores.shape[1]):
        rows = np.flatnonzero(members[:, day])
        order = np.argsort(scores[rows, day], kind="stable")
        out[rows[order], day] = np.arange(rows.size) * groups // max(rows.size, 1)
    return out


def score_groups(
    stated: Matrix, happened: Flags, group: NDArray[np.int64], *, gap_days: int
) -> tuple[EventGroup, ...]:
    """Stated against observed frequency of each group from 0 on, [tokens, days]; -1 is left out.

    The interval is Wilson's for 90 %, as if only judgements `gap_days` apart were independent; it
    knows nothing of shocks that are common to all coins.
    """
    episodes, _ = number_episodes(happened & (group >= 0), gap_days)
    found = []
    for index in range(int(group.max(initial=-1)) + 1):
        here = group == index
        count, events = int(here.sum()), int((happened & here).sum())
        observed = events / count if count else math.nan
        low, high = compute_wilson(observed, max(count / gap_days, 1.0))
        found.append(
            EventGroup(
                stated=float(stated[here].mean()) if count else math.nan,
                observed=observed,
                low=low,
                high=high,
                judgements=count,
                events=events,
                episodes=int(np.unique(episodes[here & happened]).size),
            )
        )
    return tuple(found)


def compute_wilson(share: float, count: float, z: float = Z_90) -> tuple[float, float]:
    """Wilson's interval (1927) of a frequency `share` seen in `count` independent trials.

    `count` may be a fraction (an effective number). NaN for a share that is NaN; (0, 1) without
    trials.
    """
    if math.isnan(share):
        return math.nan, math.nan
    if not count > 0.0:
        return 0.0, 1.0
    square = z * z
    scale = 1.0 + square / count
    centre = (share + square / (2.0 * count)) / scale
    inner = share * (1.0 - share) / count + square / (4.0 * count * count)
    half = z * math.sqrt(max(inner, 0.0)) / scale
    return max(centre - half, 0.0), min(centre + half, 1.0)


def compute_effective_count(events: Sequence[int], judgements: Sequence[int], gap: int) -> float:
    """How many independent trials stand behind a frequency, given its counts by block of time.

    Judgements of one block share its shocks: with p the pooled frequency, the variance of p is
    B / (B - 1) * sum (k - p n)^2 / N^2 over the B blocks that have judgements (ratio estimator,
    Cochran 1977), and p (1 - p) over it is the number. Never more than judgements / `gap`, never
    fewer than 1; the number of blocks where p is 0 or 1 or there is one block only.
    """
    known = [(k, n) for k, n in zip(events, judgements, strict=True) if n > 0]
    total = sum(n for _, n in known)
    if not total:
        return 0.0
    share = sum(k for k, _ in known) / total
    most = max(total / gap, 1.0)
    blocks = len(known)
    if blocks < 2 or share in (0.0, 1.0):
        return min(float(blocks), most)
    spread = 0.0
    for k, n in known:
        spread += (k - share * n) * (k - share * n)
    variance = blocks / (blocks - 1.0) * spread / (float(total) * float(total))
    return min(max(share * (1.0 - share) / variance, 1.0), most) if variance > 0.0 else most


def _check_shapes(scores: Matrix, happened: Flags, members: Flags) -> None:
    if scores.shape != happened.shape or scores.shape != members.shape:
        raise BadInput(
            f"scores {scores.shape}, outcomes {happened.shape} and members {members.shape} do not"
            " fit together",
            hint="Align them as [tokens, days].",
        )
