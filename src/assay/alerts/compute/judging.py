"""How good alerts are: right, fast, noisy. Formulas in `docs/method/alerts.md`. Pure."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from assay.alerts.compute.metrics import METRICS, Subject
from assay.alerts.rules import (
    Changes,
    Compare,
    Cross,
    Event,
    Firing,
    Move,
    OneOf,
    RuleSpec,
    Tally,
    Test,
    Verdict,
    list_leaves,
)

NOISE_SHARE = 0.5
"""The band of noise is this many standard deviations of the return over the horizon."""

RIGHT_BY_CHANCE = 0.3085
"""P(Z > 0.5): how often a walk without drift ends beyond the band on the side that was named."""

FLAP_SHARE = 0.1
"""Two firings closer than this share of the horizon are one that flaps."""

SHORTEST_HORIZON_S = 3_600
LEAST_BARS = 20
SMALLEST_GROUP = 10
"""Accounts behind a public figure, at least."""

_WEEK_S = 7 * 86_400.0
_UP = {"above": 1, "crosses_above": 1, "rises": 1, "below": -1, "crosses_below": -1, "falls": -1}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a firing says of a token's price: which way it goes on (0: nothing), for how long."""

    token_id: int | None
    direction: int
    horizon_s: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: log return in the direction claimed, beside the band of noise."""

    verdict: Verdict
    outcome: float | None = None
    band: float | None = None


@dataclass(frozen=True, slots=True)
class RuleScore:
    """A rule's record. Shares are None without a firing to count.

    `right_share` is of those that ended beyond the noise on either side or within it;
    `by_chance` is what a walk without drift gives. `delay_s` is the median from the reading's time
    to our commit; `flapping` the share of firings that came too soon after the one before.
    """

    fired: int
    judged: int
    right: int
    wrong: int
    noise: int
    unknown: int
    right_share: float | None
    by_chance: float
    delay_s: float | None
    per_week: float | None
    flapping: float | None


def find_claim(spec: RuleSpec, firing: Firing) -> Claim:
    """What a firing says of a price. A rule over several tokens, or whose tests point both ways,
    says nothing.
    """
    pairs = [(test, way) for test in list_leaves(spec.when) if (way := _find_way(test, firing))]
    tokens = {test.subject for test, _ in pairs}
    ways = {way for _, way in pairs}
    horizon = max((_find_horizon(test) for test, _ in pairs), default=SHORTEST_HORIZON_S)
    if len(tokens) != 1 or len(ways) != 1:
        return Claim(None, 0, horizon)
    return Claim(int(tokens.pop()), ways.pop(), horizon)


def _find_horizon(test: Test) -> int:
    if isinstance(test, Move):
        return max(test.within_s, SHORTEST_HORIZON_S)
    return METRICS[test.metric].horizon_s


def _find_way(test: Test, firing: Firing) -> int:
    metric = METRICS[test.metric]
    if metric.subject is not Subject.TOKEN:
        return 0
    if isinstance(test, OneOf):
        ways = {metric.directions.get(word, 0) for word in test.values}
        return ways.pop() if len(ways) == 1 else 0
    value = _find_value(test, firing)
    if isinstance(test, Changes):
        return metric.directions.get(value, 0) if isinstance(value, str) else 0
    if test.op in _UP:
        return metric.sign * _UP[test.op]
    beside = next((e.beside for e in firing.evidence if _is_of(test, e.metric, e.subject)), None)
    if isinstance(test, Cross | Compare | Move) and isinstance(value, float) and beside is not None:
        return metric.sign * (1 if value > beside else -1)
    return 0


def _find_value(test: Test, firing: Firing) -> float | str | None:
    found = (e.value for e in firing.evidence if _is_of(test, e.metric, e.subject))
    return next(found, None)


def _is_of(test: Test, metric: str, subject: str) -> bool:
    return test.metric == metric and test.subject == subject


def judge(
    direction: int, at_fire: float, at_end: float, past: Sequence[float], bars_ahead: float
) -> Outcome:
    """Right where the log return in the direction is beyond `NOISE_SHARE` deviations of the bars of
    `past` closes, scaled to `bars_ahead`; wrong beyond it the other way; else noise.

    UNKNOWN with fewer than 20 returns, prices that are none, or a price that never moved.
    """
    closes = [price for price in past if math.isfinite(price) and price > 0.0]
    is_known = math.isfinite(at_fire) and math.isfinite(at_end) and min(at_fire, at_end) > 0.0
    if len(closes) <= LEAST_BARS or not is_known:
        return Outcome(Verdict.UNKNOWN)
    steps = [math.log(b / a) for a, b in pairwise(closes)]
    mean = math.fsum(steps) / len(steps)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in steps) / (len(steps) - 1))
    band = NOISE_SHARE * deviation * math.sqrt(bars_ahead)
    if band == 0.0:
        return Outcome(Verdict.UNKNOWN)
    outcome = direction * math.log(at_end / at_fire)
    verdict = Verdict.RIGHT if outcome > band else Verdict.WRONG if outcome < -band else None
    return Outcome(verdict or Verdict.NOISE, outcome, band)


def score_rule(events: Sequence[Event], created_at: datetime, now: datetime) -> RuleScore:
    """The record of a rule from all it fired, in any order."""
    ordered = sorted(events, key=lambda event: event.number)
    count = Counter(event.verdict for event in ordered)
    judged = count[Verdict.RIGHT] + count[Verdict.WRONG] + count[Verdict.NOISE]
    delays = [max((e.recorded_at - e.fired_at).total_seconds(), 0.0) for e in ordered]
    live = [delay for delay, event in zip(delays, ordered, strict=True) if not event.is_replay]
    weeks = max((now - created_at).total_seconds(), 1.0) / _WEEK_S
    gaps = [
        (b.fired_at - a.fired_at) < FLAP_SHARE * timedelta(seconds=b.horizon_s)
        for a, b in pairwise(ordered)
    ]
    return RuleScore(
        fired=len(ordered),
        judged=judged,
        right=count[Verdict.RIGHT],
        wrong=count[Verdict.WRONG],
        noise=count[Verdict.NOISE],
        unknown=count[Verdict.UNKNOWN],
        right_share=count[Verdict.RIGHT] / judged if judged else None,
        by_chance=RIGHT_BY_CHANCE,
        delay_s=median(live) if live else None,
        per_week=len(ordered) / max(weeks, 1.0) if ordered else None,
        flapping=sum(gaps) / len(ordered) if ordered else None,
    )


@dataclass(frozen=True, slots=True)
class GroupScore:
    """What came of all alerts of a kind, over at least `SMALLEST_GROUP` accounts."""

    metric: str
    accounts: int
    judged: int
    right: int
    wrong: int
    noise: int
    by_chance: float


def pool_scores(tallies: Sequence[Tally]) -> list[GroupScore]:
    """Public figures by metric; a metric with fewer than `SMALLEST_GROUP` accounts is left out, so
    that nobody's own record can be read from it.
    """
    return [
        GroupScore(
            metric=tally.metric,
            accounts=tally.accounts,
            judged=tally.right + tally.wrong + tally.noise,
            right=tally.right,
            wrong=tally.wrong,
            noise=tally.noise,
            by_chance=RIGHT_BY_CHANCE,
        )
        for tally in tallies
        if tally.accounts >= SMALLEST_GROUP
    ]
