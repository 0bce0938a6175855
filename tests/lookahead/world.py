"""A stretch of the bundled market with every speaker of every room, without a ledger: what is said
is kept in memory, what is known can be spoilt.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

import assay
from assay import markets
from assay.grades.artefacts import load_artefacts
from assay.grades.judging import Models, judge_days
from assay.grades.types import GradeKind
from assay.kit.home import Home
from assay.markets.types import Panel
from assay.publishing import Hours, Judged, KnownFacts, SaidBook, Speaker, judge

FIRST, LAST = date(2022, 7, 1), date(2023, 10, 12)
DAYS = [LAST - timedelta(days=back) for back in reversed(range(6))]
"""Judged together, and each again alone."""

FACES = {"api", "cli"}
Matrix = NDArray[np.float64]


def list_speakers() -> list[Speaker]:
    """Every speaker that any room exports; what reads others comes after what it reads."""
    names = [module.name for module in pkgutil.iter_modules(assay.__path__) if module.ispkg]
    rooms = [importlib.import_module(f"assay.{name}") for name in names if name not in FACES]
    waiting = [speaker for room in rooms for speaker in getattr(room, "SPEAKERS", ())]
    ordered: list[Speaker] = []
    while waiting:
        blocked = {speaker.kind.name for speaker in waiting}
        ready = [item for item in waiting if not blocked & set(item.reads) - {item.kind.name}]
        assert ready, f"these read one another: {sorted(blocked)}"
        ordered += ready
        waiting = [item for item in waiting if item not in ready]
    return ordered


SPEAKERS = list_speakers()
NAMES = [speaker.kind.name for speaker in SPEAKERS]


@dataclass
class Spoken:
    """What has been said, by kind and day; a judge reads it as it would read the ledger."""

    payloads: dict[tuple[str, date], bytes] = field(default_factory=dict)

    def open_book(self, speaker: Speaker, before: date | None = None) -> SaidBook:
        """A fresh book. With `before`, what the speaker itself said from that day on is hidden."""
        own = speaker.kind.name

        def load(kind: str, day: date) -> bytes | None:
            hidden = kind == own and before is not None and day >= before
            return None if hidden else self.payloads.get((kind, day))

        return SaidBook(load, (own, *speaker.reads))

    def judge(
        self,
        speaker: Speaker,
        days: Sequence[date],
        facts: KnownFacts,
        before: date | None = None,
    ) -> dict[tuple[date, int | None], Judged]:
        """Judge `days`; by day and hour."""
        book = self.open_book(speaker, before)
        return {(item.day, item.hour): item for item in judge(speaker, days, facts, book)}


def cut_panel(panel: Panel, first: date, last: date) -> Panel:
    """The columns from `first` to `last`."""
    start, stop = panel.column(first), panel.column(last) + 1

    def cut(matrix: Matrix) -> Matrix:
        return np.ascontiguousarray(matrix[:, start:stop])

    return replace(
        panel.until(last),
        first_day=first,
        open=cut(panel.open),
        high=cut(panel.high),
        low=cut(panel.low),
        close=cut(panel.close),
        volume=cut(panel.volume),
        unit=cut(panel.unit),
    )


def know(facts: KnownFacts, panel: Panel, hours: Hours) -> KnownFacts:
    """The same registry with another panel and other hours."""
    return KnownFacts(
        panel=panel,
        registry=facts.registry,
        recorded_by=facts.recorded_by,
        day_digests=markets.digest_days(panel),
        fetch_hours=lambda: hours,
    )


def speak_grades(home: Home, facts: KnownFacts, days: Sequence[date], spoken: Spoken) -> None:
    """The grades of `days` by the shipped models."""
    for kind in GradeKind:
        models = Models(load_artefacts(home, kind))
        for judged in judge_days(days, models, lambda _: facts, ()):
            spoken.payloads[(f"grades.{kind.value}", judged.day)] = judged.payload


class Future:
    """What makes up everything behind a column: other prices and volumes, coins that stop, coins
    that are redenominated.
    """

    def __init__(self, column: int, shape: tuple[int, int], seed: int) -> None:
        random = np.random.default_rng(seed)
        self._start = column + 1
        tokens, width = shape[0], shape[1] - self._start
        self._stops = np.where(random.random((tokens, 1)) < 0.2, np.nan, 1.0)
        self._prices = np.exp(random.normal(0.0, 0.5, (tokens, width))) * self._stops
        self._volumes = random.uniform(0.0, 50.0, (tokens, width)) * self._stops
        self._units = np.where(random.random((tokens, 1)) < 0.1, 1000.0, 1.0)

    def spoil_price(self, matrix: Matrix) -> Matrix:
        """A copy with other prices in the future."""
        return self._spoil(matrix, self._prices)

    def spoil_volume(self, matrix: Matrix) -> Matrix:
        """A copy with other volumes in the future."""
        return self._spoil(matrix, self._volumes)

    def spoil_unit(self, matrix: Matrix) -> Matrix:
        """A copy with redenominations in the future."""
        return self._spoil(matrix, self._units)

    def _spoil(self, matrix: Matrix, factor: Matrix) -> Matrix:
        copied = np.array(matrix)
        copied[:, self._start :] *= factor
        return copied


def spoil_panel(panel: Panel, day: date, seed: int) -> Panel:
    """The panel with everything after `day` made up."""
    future = Future(panel.column(day), panel.close.shape, seed)
    return replace(
        panel,
        open=future.spoil_price(panel.open),
        high=future.spoil_price(panel.high),
        low=future.spoil_price(panel.low),
        close=future.spoil_price(panel.close),
        volume=future.spoil_volume(panel.volume),
        unit=future.spoil_unit(panel.unit),
    )


def spoil_hours(hours: Hours, day: date, seed: int) -> Hours:
    """The hours with everything after `day` made up."""
    future = Future(hours.column(day, 23), hours.close.shape, seed)
    return replace(
        hours,
        open=future.spoil_price(hours.open),
        high=future.spoil_price(hours.high),
        low=future.spoil_price(hours.low),
        close=future.spoil_price(hours.close),
        volume=future.spoil_volume(hours.volume),
    )
