"""The desk of one day: publications are read over it, and each one that was used is noted.

A section names its sources by their place in that list, so that every number of a briefing leads
back to the rows it was read from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from assay.briefing.types import Json
from assay.publishing.types import Said, SaidRows


@dataclass(frozen=True)
class Sheet:
    """Rows of one publication and their digest; `source` is its place in the list of sources."""

    source: int
    rows: Sequence[Json]
    digest: str

    @cached_property
    def by_token(self) -> dict[int, Json]:
        """The rows by token id."""
        return {int(row["token_id"]): row for row in self.rows}


@dataclass
class Desk:
    """Reads what was said of `day` and of the days before, and lists it in `sources`."""

    said: Said
    day: date
    sources: list[Json] = field(default_factory=list)
    _sheets: dict[tuple[str, date], Sheet | None] = field(default_factory=dict)

    @property
    def before(self) -> date:
        """The day before."""
        return self.day - timedelta(days=1)

    def read(self, kind: str, day: date) -> Sheet | None:
        """What stands for a day of a kind; None where nothing does."""
        key = (kind, day)
        if key not in self._sheets:
            found = self.said.find(kind, day)
            self._sheets[key] = None if found is None else self._take(found)
        return self._sheets[key]

    def _take(self, found: SaidRows) -> Sheet:
        source = {
            "kind": found.kind,
            "as_of": found.as_of.isoformat(),
            "rows_digest": found.rows_digest,
        }
        self.sources.append(source)
        return Sheet(len(self.sources) - 1, found.rows, found.rows_digest)


def say_absent(kind: str, day: date) -> str:
    """The sentence that stands where a part is missing."""
    return f"Nothing was published for {kind} on {day.isoformat()}."


def name_token(row: Json) -> Json:
    """The three fields that name a token in every list."""
    return {name: row[name] for name in ("token_id", "symbol", "name")}


def has_view(row: Json | None) -> bool:
    """True for a row that says something; False for a silent or missing one."""
    return row is not None and row.get("no_view") is None


def subtract(now: str, before: str) -> str:
    """The difference of two decimal strings, exactly, with the decimals of the first."""
    places = max(0, -int(Decimal(now).as_tuple().exponent))
    return f"{Decimal(now) - Decimal(before):.{places}f}"


def cite(**sheets: Sheet | None) -> dict[str, int | None]:
    """Where the numbers of a section come from: role -> place in the list of sources."""
    return {role: None if sheet is None else sheet.source for role, sheet in sheets.items()}


def choose_middle(values: Iterable[float]) -> float:
    """The median; NaN of nothing."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2.0
