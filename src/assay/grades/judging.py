"""From facts and models to rows: the one path that live grading, back-fill, replay and checks use.

It reads no store: facts and artefacts are handed in, so a bundle on another machine takes the same
way as the home that published.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from assay import factors
from assay.grades.compute.cross_sections import CrossSections, compute_cross_sections
from assay.grades.compute.grading import grade_days
from assay.grades.compute.scoring import Trees
from assay.grades.rows import Point, create_rows, encode_rows, list_points
from assay.grades.types import Artefact, DayGrades, Flags, GradeKind, NoView
from assay.kit.errors import NotFound
from assay.markets.types import Panel, Token, TokenKind
from assay.publishing import KnownFacts, group_days, select_listed

DAYS_AT_ONCE = 128
ONE_DAY = timedelta(days=1)
SOURCES = (
    "factors",
    "grades/compute",
    "grades/judging.py",
    "grades/rows.py",
    "grades/types.py",
    "publishing/facts.py",
)
"""What decides the bytes of a grade."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One day ready to be published. `models` are the digests read, the day's own first."""

    day: date
    payload: bytes
    points: list[Point]
    inputs_digest: str
    models: tuple[str, ...]


class Models:
    """The artefacts of one kind, oldest first; each one's trees are parsed once."""

    def __init__(self, artefacts: Sequence[Artefact]) -> None:
        self.artefacts = sorted(artefacts, key=lambda item: item.refit_day)
        self._trees: dict[str, Trees] = {}

    @property
    def first_day(self) -> date:
        """The first day that any artefact may judge."""
        return max(self.artefacts[0].refit_day, self.artefacts[0].known_from)

    def select(self, day: date) -> Artefact | None:
        """The newest artefact that knew nothing of `day` or later; None before the first."""
        fit = [item for item in self.artefacts if max(item.refit_day, item.known_from) <= day]
        return fit[-1] if fit else None

    def trees(self, artefact: Artefact) -> Trees:
        """The artefact's trees."""
        if artefact.digest not in self._trees:
            self._trees[artefact.digest] = Trees(artefact.trees)
        return self._trees[artefact.digest]


def judge_days(
    days: Sequence[date],
    models: Models,
    facts_at: Callable[[date], KnownFacts],
    changes: Sequence[datetime],
) -> Iterator[Judged]:
    """Judge ascending `days`, each from the facts known at its close.

    `facts_at` loads the facts of a day, `changes` are the moments after which an earlier day looks
    different. The day before each day is judged too, as it was then, for the change since. Raises
    NotFound for a day before the first model.
    """
    wanted = set(days)
    needed = sorted(wanted | {day - ONE_DAY for day in days if models.select(day - ONE_DAY)})
    before: tuple[date, dict[int, int], str] | None = None
    for group in group_days(needed, changes):
        facts = facts_at(group[-1])
        for chunk in split_runs(group):
            sections, listed, judged = _judge_chunk(facts, models, chunk)
            for day in judged:
                model = _require_model(models, day.day).digest
                yesterday = before if before and before[0] == day.day - ONE_DAY else None
                if day.day in wanted:
                    yield _judged(facts, sections, listed[day.day], day, model, yesterday)
                before = day.day, _viewed_grades(day, listed[day.day]), model


def split_runs(days: Sequence[date]) -> Iterator[list[date]]:
    """Runs of consecutive days, of at most `DAYS_AT_ONCE`."""
    run: list[date] = []
    for day in days:
        if run and (day != run[-1] + ONE_DAY or len(run) == DAYS_AT_ONCE):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def compute_sections(
    panel: Panel,
    tokens: Sequence[Token],
    first: date,
    last: date,
    *,
    keep_values: bool = False,
) -> CrossSections:
    """Cross-sections from `first` to `last` of a panel whose kinds `tokens` state."""
    return compute_cross_sections(
        panel,
        mark_coins(panel, tokens),
        panel.column(first),
        panel.column(last) + 1,
        keep_values=keep_values,
    )


def mark_coins(panel: Panel, tokens: Sequence[Token]) -> Flags:
    """Which rows of the panel are coins, [tokens]."""
    coins = [int(token.token_id) for token in tokens if token.kind is TokenKind.COIN]
    return np.asarray(np.isin(panel.token_ids, coins))


def list_blocked(
    panel: Panel, tokens: Mapping[date, Sequence[Token]], days: Sequence[date]
) -> dict[date, dict[int, NoView]]:
    """Tokens of which nothing may be said, by day: a known end, or volume that looks made up."""
    first = panel.column(days[0])
    volume = np.asarray(panel.volume[:, : panel.column(days[-1]) + 1])
    washed = factors.compute_wash_signs(volume, first) >= factors.SUSPICIOUS_SIGNS
    blocked: dict[date, dict[int, NoView]] = {}
    for day in days:
        rows = np.flatnonzero(washed[:, panel.column(day)])
        reasons = {int(panel.token_ids[row]): NoView.WASHED_VOLUME for row in rows}
        for token in tokens[day]:
            if token.ended is not None:
                reasons[int(token.token_id)] = NoView.DELISTING_ANNOUNCED
        blocked[day] = reasons
    return blocked


def _judge_chunk(
    facts: KnownFacts, models: Models, days: Sequence[date]
) -> tuple[CrossSections, dict[date, list[Token]], list[DayGrades]]:
    tokens = {day: facts.tokens(day) for day in days}
    sections = compute_sections(facts.panel, facts.tokens(days[-1]), days[0], days[-1])
    blocked = list_blocked(facts.panel, tokens, days)
    judged: list[DayGrades] = []
    for artefact, shared in _by_model(models, days):
        positions = np.array([sections.position(day) for day in shared], np.int64)
        judged += grade_days(artefact, models.trees(artefact), sections, positions, blocked)
    listed = {day: select_listed(tokens[day], facts.panel, day) for day in days}
    return sections, listed, judged


def _by_model(models: Models, days: Sequence[date]) -> Iterator[tuple[Artefact, list[date]]]:
    shared: list[date] = []
    current: Artefact | None = None
    for day in days:
        artefact = _require_model(models, day)
        if current is not None and artefact is not current:
            yield current, shared
            shared = []
        current = artefact
        shared.append(day)
    if current is not None:
        yield current, shared


def _judged(
    facts: KnownFacts,
    sections: CrossSections,
    listed: Sequence[Token],
    day: DayGrades,
    model: str,
    yesterday: tuple[date, dict[int, int], str] | None,
) -> Judged:
    volumes = sections.median_volumes[:, sections.position(day.day)]
    by_token = {int(token): float(usd) for token, usd in zip(day.token_ids, volumes, strict=True)}
    rows = create_rows(day, listed, by_token, yesterday[1] if yesterday else {})
    models = (model,) if yesterday is None or yesterday[2] == model else (model, yesterday[2])
    return Judged(day.day, encode_rows(rows), list_points(rows), facts.digest(day.day), models)


def _viewed_grades(day: DayGrades, listed: Sequence[Token]) -> dict[int, int]:
    ids = {int(token.token_id) for token in listed}
    pairs = zip(day.token_ids.tolist(), day.grades.tolist(), strict=True)
    return {token: grade for token, grade in pairs if token in ids and grade >= 0}


def _require_model(models: Models, day: date) -> Artefact:
    artefact = models.select(day)
    if artefact is None:
        raise NotFound(
            f"No {_kind(models)} model had been trained by {day}.",
            hint=f"Ask for {models.first_day} or a later day.",
        )
    return artefact


def _kind(models: Models) -> GradeKind:
    return models.artefacts[0].kind
