"""Do the published moonshots foretell anything? Measured against what came of the coins."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from assay import evaluation, ledger, publishing
from assay.evaluation import EventScore
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import NotEnoughData
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.markets.types import Panel, Token
from assay.moonshots.compute.learning import TOP_SHARE
from assay.moonshots.compute.outcomes import compute_outcomes
from assay.moonshots.judging import MOONSHOTS, Study, study_panel
from assay.moonshots.outcomes import KEPT_DAYS, OUTCOMES
from assay.moonshots.page import create_moonshots_page, describe_verdict, list_notes, summarise
from assay.moonshots.report import EventReport, MoonshotsReport, Pick
from assay.moonshots.types import (
    HORIZON_DAYS,
    OUTCOME_DAYS,
    Event,
    Flags,
    Matrix,
    Outcomes,
    Series,
)
from assay.publishing import Evaluation

NULLS = 60
SEED = 20261120
QUARTER_DAYS = OUTCOME_DAYS
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Published:
    """What was published, [tokens, days of the window]; NaN where a coin was not listed."""

    ranks: Matrix
    chances: dict[Event, Matrix]
    bases: dict[Event, Matrix]
    claimed: dict[Event, Flags]


def evaluate_moonshots(
    home: Home,
    database: Database,
    clock: Clock,
    progress: Progress,
    *,
    start: date | None = None,
    end: date | None = None,
) -> Evaluation:
    """Measure the lists published from `start` to `end`; what is missing is published first, the
    lists of the year before `start` too.

    Default window: from the first day anything is said of to the newest complete one. Outcomes of
    the window's last 91 days count as unknown, whatever the data hold after it. Raises BadInput for
    a window that ends before it begins, NotEnoughData for one without a known outcome.
    """
    first, last = publishing.check_window(home, MOONSHOTS, start, end)
    # What came of a year of lists is said on every day, so those lists are needed too.
    year_before = first - KEPT_DAYS * _DAY
    for speaker, begin in ((MOONSHOTS, year_before), (OUTCOMES, first)):
        publishing.publish_missing(home, database, speaker, clock, progress, start=begin, end=last)
    facts = publishing.load_facts(home, last, clock.now())
    progress.step("Measuring moonshots", 0, 2)
    published = load_published(database, facts.panel, first, last)
    progress.step("Measuring moonshots", 1, 2)
    report = measure(database, facts.panel, facts.tokens(last), published, first, last)
    progress.step("Measuring moonshots", 2, 2)
    return Evaluation(
        "moonshots", create_document(report), create_moonshots_page(report), summarise(report)
    )


def load_published(database: Database, panel: Panel, first: date, last: date) -> Published:
    """The lists that stand from `first` to `last`, as arrays on the panel's rows."""
    shape = (panel.n_tokens, (last - first).days + 1)
    place = {int(token_id): row for row, token_id in enumerate(panel.token_ids)}
    published = Published(
        np.full(shape, np.nan),
        {event: np.full(shape, np.nan) for event in Event},
        {event: np.full(shape, np.nan) for event in Event},
        {event: np.zeros(shape, np.bool_) for event in Event},
    )
    for day, payload in publishing.load_days(database, MOONSHOTS.kind.name, first, last):
        column = (day - first).days
        for item in orjson.loads(payload):
            row = place[item["token_id"]]
            published.ranks[row, column] = item["rank"]
            for event in Event:
                said = item["fall_80"] if event.is_fall else item["events"][event.value]
                published.chances[event][row, column] = _read(said["probability"])
                published.bases[event][row, column] = _read(said["base_rate"])
                published.claimed[event][row, column] = said["skill"]
    return published


def measure(
    database: Database,
    panel: Panel,
    tokens: Sequence[Token],
    published: Published,
    first: date,
    last: date,
) -> MoonshotsReport:
    """Every figure of what was published from `first` to `last`."""
    study = study_panel(panel, tokens)
    outcomes = cut_outcomes(compute_outcomes(study.close), panel.column(first))
    members = np.isfinite(published.ranks) & np.isfinite(outcomes.highest)
    if not members.any():
        raise NotEnoughData(
            f"No outcome is known of the lists from {first} to {last}.",
            hint=f"An outcome takes {OUTCOME_DAYS} days and a list more than 100 coins;"
            " choose an earlier start or a later end.",
        )
    days = [first + n * _DAY for n in range(members.shape[1])]
    risk = np.nan_to_num(published.ranks)
    happened = outcomes.happened(Event.FALL_80) & members
    daily = evaluation.compute_daily_auc(risk, happened, members)
    listed = np.flatnonzero(np.isfinite(published.ranks).any(axis=1))
    return MoonshotsReport(
        first=first,
        last=last,
        last_known=last - OUTCOME_DAYS * _DAY,
        origin=_find_origin(database, first, last),
        lists=int(np.isfinite(published.ranks).any(axis=0).sum()),
        coins=int(listed.size),
        died_inside=_count_dead(panel, tokens, listed, first, last),
        events={
            event: _measure_event(event, published, study, outcomes, members, days)
            for event in Event
        },
        deciles=evaluation.score_groups(
            published.chances[Event.FALL_80],
            happened,
            evaluation.group_by_rank(risk, members),
            gap_days=HORIZON_DAYS,
        ),
        months=_average_months(daily, days),
        quarters=_compare_quarters(published.chances[Event.FALL_80], happened, members, days),
        null_auc=_draw_null(happened, members),
        picks=tuple(load_picks(database, first, last)),
        tried=len(load_trials()),
    )


def cut_outcomes(outcomes: Outcomes, column: int) -> Outcomes:
    """Outcomes from a column on."""
    return Outcomes(
        outcomes.highest[:, column:], outcomes.lowest[:, column:], outcomes.final[:, column:]
    )


def load_picks(database: Database, first: date, last: date) -> Iterator[Pick]:
    """The picks of every month's start whose 90 days ended in the window, oldest first."""
    for day, payload in publishing.load_days(database, OUTCOMES.kind.name, first, last):
        for item in orjson.loads(payload):
            if item["ends_on"] == day.isoformat():
                yield Pick(
                    said_on=date.fromisoformat(item["said_on"]),
                    rank=item["rank"],
                    token_id=item["token_id"],
                    symbol=item["symbol"],
                    fall_80=_read(item["said"]["fall_80"]),
                    final=_read(item["return"]),
                    highest=_read(item["highest"]),
                    lowest=_read(item["lowest"]),
                    verdict=item["verdict"],
                    stopped_on=item["stopped_on"],
                )


def load_trials() -> tuple[dict[str, str], ...]:
    """Every configuration tried before the method was fixed, the failures too."""
    text = resources.files(__package__).joinpath("tried.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def create_document(report: MoonshotsReport) -> dict[str, Any]:
    """The report as JSON values."""
    document = evaluation.create_json(report)
    if not isinstance(document, dict):
        raise TypeError("a record becomes an object")
    within, enough = report.calibrated
    return {
        "kind": "moonshots",
        "advice": evaluation.NOT_ADVICE,
        "verdict": describe_verdict(report),
        "window": {"from": document.pop("first"), "to": document.pop("last")},
        "is_on_target": report.is_on_target,
        "calibrated_deciles": {"within": within, "enough_events": enough},
        **document,
        "notes": list_notes(report),
    }


def _measure_event(
    event: Event,
    published: Published,
    study: Study,
    outcomes: Outcomes,
    members: Flags,
    days: Sequence[date],
) -> EventReport:
    window = slice(study.panel.column(days[0]), study.panel.column(days[-1]) + 1)
    happened = outcomes.happened(event) & members
    if event.is_fall:
        scores = np.nan_to_num(published.ranks)
    else:
        scores = np.nan_to_num(study.learnt.rise_scores[:, window])
    wild = np.nan_to_num(study.sections.features[0][:, window])
    chances = published.chances[event]
    spoken = members & np.isfinite(chances)
    years = {}
    for year in sorted({day.year for day in days}):
        here = members & np.array([day.year == year for day in days])[None, :]
        if (happened & here).any():
            years[str(year)] = _score(scores, happened, here)
    return EventReport(
        order=_score(scores, happened, members),
        volatility=_score(wild, happened, members),
        probability=evaluation.score_probabilities(
            chances, published.bases[event], happened, spoken
        ),
        stated=float(chances[spoken].mean()) if spoken.any() else float("nan"),
        claimed=float(published.claimed[event][members].mean()),
        by_year=years,
    )


def _score(scores: Matrix, happened: Flags, members: Flags) -> EventScore:
    return evaluation.score_events(
        scores, happened & members, members, gap_days=HORIZON_DAYS, share=TOP_SHARE
    )


def _average_months(daily: Series, days: Sequence[date]) -> dict[date, float]:
    months = {}
    for start in sorted({day.replace(day=1) for day in days}):
        values = daily[[day.replace(day=1) == start for day in days]]
        known = values[np.isfinite(values)]
        if known.size:
            months[start] = float(known.mean())
    return months


def _compare_quarters(
    chances: Matrix, happened: Flags, members: Flags, days: Sequence[date]
) -> tuple[tuple[date, float, float], ...]:
    found = []
    spoken = members & np.isfinite(chances)
    for start in range(0, len(days), QUARTER_DAYS):
        here = spoken[:, start : start + QUARTER_DAYS]
        if here.any():
            stated = chances[:, start : start + QUARTER_DAYS][here].mean()
            observed = happened[:, start : start + QUARTER_DAYS][here].mean()
            found.append((days[start], float(stated), float(observed)))
    return tuple(found)


def _draw_null(happened: Flags, members: Flags) -> Series:
    generator = np.random.default_rng(SEED)
    found = []
    for _ in range(NULLS):
        order = np.repeat(generator.random((members.shape[0], 1)), members.shape[1], axis=1)
        daily = evaluation.compute_daily_auc(order, happened, members)
        known = daily[np.isfinite(daily)]
        found.append(float(known.mean()) if known.size else float("nan"))
    return np.array(found)


def _count_dead(
    panel: Panel, tokens: Sequence[Token], listed: NDArray[np.int64], first: date, last: date
) -> int:
    """Listed coins whose bars ended in the window in a collapse or a delisting."""
    ended = {int(token.token_id) for token in tokens if token.ended in ("collapsed", "delisted")}
    count = 0
    for row in listed.tolist():
        stop = panel.day(int(np.flatnonzero(np.isfinite(panel.close[row]))[-1]))
        count += int(panel.token_ids[row]) in ended and first <= stop < last
    return count


def _find_origin(database: Database, first: date, last: date) -> str:
    with database.read() as connection:
        standing = ledger.list_standing(connection, MOONSHOTS.kind.name, first, last)
    return ", ".join(sorted({item.origin.value for item in standing}))


def _read(text: str | None) -> float:
    return float("nan") if text is None else float(text)
