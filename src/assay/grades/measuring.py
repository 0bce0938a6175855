"""Does a grade predict? What was published, handed to the instruments of `evaluation`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from assay import evaluation, ledger, markets
from assay.evaluation import Death, EvaluationInputs, EvaluationReport
from assay.grades.artefacts import load_artefacts
from assay.grades.compute.cross_sections import FEATURES, CrossSections
from assay.grades.compute.grading import compute_scores
from assay.grades.judging import Models, compute_sections, split_runs
from assay.grades.matrices import Said, parse_said
from assay.grades.records import NullIcs, load_null, load_trials
from assay.grades.service import ledger_kind, publish_missing
from assay.grades.types import GradeKind, Matrix
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.markets.types import BITCOIN, Panel, Registry, TokenKind
from assay.publishing import KnownFacts, load_facts

LINEAR = "linear model"
SILENT_DAYS = 14
"""Days without a bar after which a coin that nobody explained counts as dead."""


@dataclass(frozen=True)
class Window:
    """Days whose publications are measured."""

    first: date
    last: date


def evaluate_grades(
    home: Home,
    database: Database,
    kind: GradeKind,
    clock: Clock,
    progress: Progress,
    *,
    start: date | None = None,
    end: date | None = None,
) -> EvaluationReport:
    """Measure the published grades of a window; days without a publication are published first.

    Default window: from the first graded day to the newest complete one. Raises BadInput for a
    window that ends before it begins, NotEnoughData for one too short to score.
    """
    models = Models(load_artefacts(home, kind))
    newest = markets.load_panel(home).complete_through
    window = Window(max(start or models.first_day, models.first_day), end or newest)
    if window.first > window.last:
        raise BadInput(
            f"The window from {window.first} to {window.last} ends before it begins.",
            hint=f"Choose days from {models.first_day} to {newest}.",
        )
    publish_missing(home, database, kind, clock, progress, start=window.first, end=window.last)
    facts = load_facts(home, newest, clock.now())
    said, origins = _load_said(database, kind, facts, window)
    sections = compute_sections(
        facts.panel, facts.tokens(newest), window.first, window.last, keep_values=True
    )
    inputs = _collect(kind, facts, sections, said, window, models)
    deaths = list_deaths(markets.load_registry(home), facts.panel, window)
    return evaluation.evaluate_scores(_with_context(inputs, home, kind, origins, deaths), progress)


class Baselines(Mapping[str, Matrix]):
    """Every single characteristic and the linear model alone, made when they are read.

    A characteristic is taken as it is: a negative rank IC means that low values were better.
    """

    def __init__(
        self, sections: CrossSections, models: Models, column: int, shape: tuple[int, int]
    ) -> None:
        self._sections = sections
        self._models = models
        self._column = column
        self._shape = shape

    def __len__(self) -> int:
        return len(FEATURES) + 1

    def __iter__(self) -> Iterator[str]:
        return iter((LINEAR, *FEATURES))

    def __getitem__(self, name: str) -> Matrix:
        scores = np.full(self._shape, np.nan)
        window = slice(self._column, self._column + self._sections.n_days)
        if name == LINEAR:
            scores[:, window] = self._score_linear()
        else:
            scores[:, window] = self._sections.ranks[:, :, FEATURES.index(name)].T
        return scores

    def _score_linear(self) -> Matrix:
        scores = np.full(self._sections.universe.shape, np.nan)
        days = [self._sections.day(position) for position in range(self._sections.n_days)]
        for run in split_runs(days):
            for day in run:
                artefact = self._models.select(day)
                if artefact is None:
                    continue
                position = self._sections.position(day)
                at = np.array([position])
                trees = self._models.trees(artefact)
                for rows, _, terms in compute_scores(artefact, trees, self._sections, at):
                    scores[rows, position] = terms.sum(axis=1)
        return scores


def _load_said(
    database: Database, kind: GradeKind, facts: KnownFacts, window: Window
) -> tuple[Said, set[str]]:
    panel = facts.panel
    with database.read() as connection:
        standing = ledger.list_standing(
            connection, ledger_kind(kind).name, window.first, window.last
        )
        rows = (
            (item.as_of, ledger.load_publication(connection, item.publication_id).rows)
            for item in standing
        )
        said = parse_said(rows, panel.token_ids, panel.first_day, panel.n_days)
    return said, {item.origin.value for item in standing}


def _collect(
    kind: GradeKind,
    facts: KnownFacts,
    sections: CrossSections,
    said: Said,
    window: Window,
    models: Models,
) -> EvaluationInputs:
    panel = facts.panel
    column = panel.column(window.first)
    days = slice(column, column + sections.n_days)

    def widen(values: NDArray[np.generic], fill: float | bool) -> NDArray[np.generic]:
        wide = np.full(panel.close.shape, fill, values.dtype)
        wide[:, days] = values
        return wide

    tokens = facts.tokens(panel.last_day)
    row = {int(token_id): index for index, token_id in enumerate(panel.token_ids)}
    symbols = {int(token.token_id): token.symbol for token in tokens}
    universe = widen(sections.universe, fill=False)
    return EvaluationInputs(
        kind=kind.value,
        origin="",
        horizon_days=kind.horizon_days,
        first_day=panel.first_day,
        window_from=window.first,
        window_to=window.last,
        symbols=[symbols.get(int(token_id), str(token_id)) for token_id in panel.token_ids],
        closes=panel.close * panel.unit,
        scores=said.grades,
        no_view=said.no_view & np.asarray(universe, np.bool_),
        universe=np.asarray(universe, np.bool_),
        median_volume_usd=np.asarray(widen(sections.median_volumes, np.nan), np.float64),
        volatility=np.asarray(widen(_volatility(sections), np.nan), np.float64),
        probabilities=said.probabilities,
        interval_low=said.interval_low,
        interval_high=said.interval_high,
        baselines=Baselines(sections, models, column, panel.close.shape),
        benchmark_row=row.get(int(BITCOIN)),
    )


def _volatility(sections: CrossSections) -> Matrix:
    if sections.values is None:
        raise ValueError("the cross-sections were made without values")
    return np.ascontiguousarray(sections.values[:, FEATURES.index("volatility_30"), :].T)


def list_deaths(registry: Registry, panel: Panel, window: Window) -> list[Death]:
    """Coins that really ended inside the window: a collapse, or a delisting for good.

    A rename, a migration or a pair that was listed again is no death; LUNA and FTT are. Of candles
    that a home imported nobody has said how a coin ended: one whose bars stop counts as dead when
    `SILENT_DAYS` have passed on the panel and the registry knows no ending from its last bar on.
    """
    rows = {int(token_id): row for row, token_id in enumerate(panel.token_ids)}
    deaths: list[Death] = []
    for record in registry.records:
        row = rows.get(int(record.token_id))
        if row is None or record.kind is not TokenKind.COIN:
            continue
        lasts = [
            ending.last_day
            for ending in record.endings
            if ending.how == "collapsed" or (ending.how == "delisted" and ending.resumed is None)
        ]
        bars = np.flatnonzero(~np.isnan(panel.close[row]))
        last = panel.day(int(bars[-1])) if bars.size else panel.last_day
        is_explained = any(ending.last_day >= last for ending in record.endings)
        if not is_explained and (panel.complete_through - last).days >= SILENT_DAYS:
            lasts.append(last)
        deaths += [Death(row, day) for day in lasts if window.first <= day < window.last]
    return deaths


def _with_context(
    inputs: EvaluationInputs, home: Home, kind: GradeKind, origins: set[str], deaths: list[Death]
) -> EvaluationInputs:
    return replace(
        inputs,
        deaths=deaths,
        origin=", ".join(sorted(origins)),
        null_daily_ics=select_null(load_null(home, kind), inputs),
        trials=load_trials(kind),
    )


def select_null(null: NullIcs | None, inputs: EvaluationInputs) -> Matrix | None:
    """The null's daily rank ICs inside the window, [permutations, days]; None where it has none."""
    if null is None:
        return None
    start = max((inputs.window_from - null.first_day).days, 0)
    stop = (inputs.window_to - null.first_day).days + 1
    inside = null.daily[:, start : max(stop, 0)]
    return inside if np.isfinite(inside).any() else None
