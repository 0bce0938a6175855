"""reproduce --sample: random publications computed again, counted by kind, none left out."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from assay import grades, publishing
from assay.cli.context import Stores
from assay.cli.rooms import GRADED, ROOMS, SPEAKERS
from assay.kit.errors import AssayError, BadInput, Busy, NotFound, SourceMalformed
from assay.kit.progress import Progress
from assay.publishing import Drawn, Reproduction, Sample

LABEL = "Reproducing"
SEEDS = 2**32


class Outcome(StrEnum):
    """What came of checking one publication."""

    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_HERE = "not reproducible here"


@dataclass(frozen=True, slots=True)
class Checked:
    """One publication and what came of it; `reason` says why it is not equal."""

    drawn: Drawn
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What a sample showed."""

    sample: Sample
    checked: tuple[Checked, ...]

    def count(self, outcome: Outcome, kind: str | None = None) -> int:
        """How many ended so (of one kind)."""
        return sum(
            item.outcome is outcome and kind in (None, item.drawn.heading.kind)
            for item in self.checked
        )

    @property
    def is_clean(self) -> bool:
        """True if something could be checked and nothing was different."""
        return self.count(Outcome.EQUAL) > 0 and not self.count(Outcome.DIFFERENT)


def reproduce_one(stores: Stores, publication_id: str, kind: str) -> Reproduction:
    """Compute a publication of any kind again."""
    if kind in GRADED:
        return grades.reproduce_publication(stores.home, stores.database, publication_id)
    return publishing.reproduce_publication(stores.home, stores.database, SPEAKERS, publication_id)


def reproduce_sample(
    stores: Stores,
    progress: Progress,
    count: int,
    *,
    names: Collection[str] = (),
    seed: int | None = None,
    until: int | None = None,
) -> SampleReport:
    """Draw publications (of rooms or kinds called `names`; default: of all) and compute each again.

    Raises BadInput for a name that nobody has, NotFound where nothing was published.
    """
    chosen = secrets.randbelow(SEEDS) if seed is None else seed
    with stores.database.read() as connection:
        sample = publishing.draw_sample(
            connection, count, chosen, kinds=_find_kinds(names), until=until
        )
    if not sample.drawn:
        raise NotFound("Nothing of that was published here.", hint="Publish first: assay backfill.")
    checked: list[Checked] = []
    for drawn in sample.drawn:
        progress.step(LABEL, len(checked), len(sample.drawn))
        checked.append(_check(stores, drawn))
    progress.step(LABEL, len(checked), len(sample.drawn))
    return SampleReport(sample, tuple(checked))


def describe_sample(report: SampleReport) -> dict[str, Any]:
    """The report as a JSON document: the draw, counts by kind, and every publication checked."""
    sample = report.sample
    return {
        "seed": sample.seed,
        "until": sample.until,
        "is_clean": report.is_clean,
        "kinds": [
            {
                "kind": kind,
                "published": total,
                "checked": sum(item.drawn.heading.kind == kind for item in report.checked),
                **{each.name.lower(): report.count(each, kind) for each in Outcome},
            }
            for kind, total in sample.totals.items()
        ],
        "publications": [
            {
                "publication_id": item.drawn.heading.publication_id,
                "sequence": item.drawn.heading.sequence,
                "origin": item.drawn.heading.origin.value,
                "overruled_by": list(item.drawn.overruled_by),
                "outcome": item.outcome.name.lower(),
                "reason": item.reason,
            }
            for item in report.checked
        ],
    }


def _find_kinds(names: Collection[str]) -> frozenset[str]:
    by_name = {room.name.value: room.kinds for room in ROOMS}
    by_name |= {kind: frozenset({kind}) for room in ROOMS for kind in room.kinds}
    unknown = sorted(set(names) - by_name.keys())
    if unknown:
        raise BadInput(
            f"Nobody here says {unknown[0][:60]}.", hint=f"Choose from: {', '.join(by_name)}."
        )
    return frozenset(kind for name in names for kind in by_name[name])


def _check(stores: Stores, drawn: Drawn) -> Checked:
    heading = drawn.heading
    try:
        found = reproduce_one(stores, heading.publication_id, heading.kind)
    except Busy:
        raise
    except SourceMalformed as error:
        return Checked(drawn, Outcome.DIFFERENT, error.message)
    except AssayError as error:
        return Checked(drawn, Outcome.NOT_HERE, error.message)
    if found.is_equal:
        return Checked(drawn, Outcome.EQUAL)
    return Checked(drawn, Outcome.DIFFERENT, _explain(found.differences, found.hint))


def _explain(differences: Sequence[str], hint: str) -> str:
    return f"{', '.join(differences)} came out otherwise. {hint}".strip()
