"""Why a published grade is what it is, computed when somebody asks."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from assay.grades.artefacts import load_artefact
from assay.grades.compute.explaining import explain_token
from assay.grades.compute.scoring import Trees
from assay.grades.judging import compute_sections, list_blocked
from assay.grades.rows import format_centi, give_reason
from assay.grades.service import ledger_kind, load_grades
from assay.grades.types import Contribution, GradeKind
from assay.kit.database import Database
from assay.kit.errors import NotFound
from assay.kit.home import Home
from assay.markets.types import TokenKind
from assay.publishing import load_facts

BASE_CENTI = 5000


@dataclass(frozen=True, slots=True)
class FeaturePoints:
    """What one feature added to the raw score, in grade points as decimal strings.

    `linear_points` is the share of the linear model in `points`. `rank` is the feature's place in
    the market from 0 (lowest) to 1, 0.5 where it is missing; `value` the feature itself.
    """

    feature: str
    family: str
    points: str
    linear_points: str
    rank: str
    value: str | None


@dataclass(frozen=True, slots=True)
class GradeExplanation:
    """`raw_score` = `base` + the sum of all `points`, exactly; `grade` is its published map."""

    kind: str
    token_id: int
    symbol: str
    as_of: date
    publication: str
    origin: str
    grade: str | None
    raw_score: str | None
    base: str
    no_view: dict[str, str] | None
    contributions: tuple[FeaturePoints, ...]


def explain_grade(
    home: Home, database: Database, kind: GradeKind, token_id: int, as_of: date
) -> GradeExplanation:
    """Explain what stands for a token on a day: largest contribution first.

    Facts and model are those of the publication. Heavy (kernels and trees): at most one at a time
    in a process. Raises NotFound where nothing was published for the day or of the token.
    """
    said = load_grades(database, kind, as_of)
    if said is None:
        raise NotFound(
            f"Nothing was published for {ledger_kind(kind).name} on {as_of}.",
            hint="Run: assay backfill, or ask for another day.",
        )
    facts = load_facts(home, as_of, said.facts_recorded_by)
    tokens = facts.tokens(as_of)
    token = next((item for item in tokens if item.token_id == token_id), None)
    if token is None:
        raise NotFound(
            f"Token {token_id} did not trade by {as_of}.", hint="List the tokens of that day."
        )
    if token.kind is not TokenKind.COIN:
        raise NotFound(
            f"{token.symbol} is not graded: its kind is {token.kind.value}.",
            hint="Only coins are graded; the list of a day's grades names them.",
        )
    artefact = load_artefact(home, kind, said.model.split(",")[0])
    sections = compute_sections(facts.panel, tokens, as_of, as_of, keep_values=True)
    blocked = list_blocked(facts.panel, {as_of: tokens}, [as_of])[as_of]
    why = explain_token(artefact, Trees(artefact.trees), sections, 0, token_id, blocked)
    ordered = sorted(why.contributions, key=lambda item: (-abs(item.points_centi), item.feature))
    view = why.no_view
    volume = float(sections.median_volumes[facts.panel.row(token_id), 0])
    return GradeExplanation(
        kind=kind.value,
        token_id=token_id,
        symbol=token.symbol,
        as_of=as_of,
        publication=said.publication_id,
        origin=said.origin.value,
        grade=None if why.grade_centi is None else format_centi(why.grade_centi),
        raw_score=None if why.raw_centi is None else format_centi(why.raw_centi),
        base=format_centi(BASE_CENTI),
        no_view=None if view is None else {"code": view.value, "reason": give_reason(view, volume)},
        contributions=tuple(_points(item) for item in ordered),
    )


def _points(item: Contribution) -> FeaturePoints:
    return FeaturePoints(
        feature=item.feature,
        family=item.family.value,
        points=format_centi(item.points_centi),
        linear_points=format_centi(item.linear_centi),
        rank=f"{item.rank + 0.5:.4f}",
        value=f"{item.value:.6g}" if np.isfinite(item.value) else None,
    )
