"""What is listed of each kind of publication, and the one way rows are kept, ordered and cut. Pure.

A `Listing` is one route: the table of them is `assay.api.kinds`. Adding one there adds the route,
its parameters, its documentation, its paging and its place in the contract tests.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from assay.api.parameters import DayQuery, ListQuery
from assay.api.schemas import Shape
from assay.kit.errors import BadInput

Row = Mapping[str, Any]

TEXTS = frozenset({"symbol", "name", "slug", "first_day"})
"""Members that are ordered as text (days are too); all others are integers or decimal strings."""


class Subject(Enum):
    """What a path may narrow a kind to: the parameter in the path, and the member it fits."""

    TOKEN = ("symbol", "token_id")
    INDEX = ("index", "index_id")
    ALL = ("", "")

    @property
    def parameter(self) -> str:
        """Name of the path parameter."""
        return self.value[0]

    @property
    def member(self) -> str:
        """Member of the rows that identifies it."""
        return self.value[1]


class View(Enum):
    """What a route shows of a kind: one day's rows, one row of a day, or rows day by day."""

    LIST = "list"
    ONE = "get"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Spoken:
    """One kind of publication: its name in the ledger, what messages call its rows, the room that
    says it (its tag, and the name `assay backfill --kind` knows it by).
    """

    kind: str
    words: str
    room: str
    is_hourly: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """One route over one kind of publication.

    `part` is the member that holds the rows shown (empty: the rows themselves), `members` says
    where a sort finds its value if not in the member of its name.
    """

    said: Spoken
    view: View
    path: str
    name: str
    row: type[Shape]
    about: str
    query: type[DayQuery] = DayQuery
    subject: Subject = Subject.ALL
    part: str = ""
    members: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Keep:
    """A filter, written into the annotation of its parameter: keeps the rows whose `member` passes
    `test` with the value asked for. A row without the member goes, unless the test `sees_null`.
    """

    member: str
    test: Callable[[Any, Any], bool]
    sees_null: bool = False


def reaches(value: str | int, least: Decimal) -> bool:
    """True if a number in a row is at least `least`."""
    return Decimal(value) >= least


def stays_below(value: str | int, most: Decimal) -> bool:
    """True if a number in a row is at most `most`."""
    return Decimal(value) <= most


def equals(value: object, wanted: object) -> bool:
    """True if a member has the value asked for."""
    return value == wanted


def has_category(value: Sequence[str], wanted: str) -> bool:
    """True if one of a row's categories is the one asked for, in any case."""
    return wanted.casefold() in (category.casefold() for category in value)


def select_rows(
    rows: Sequence[Row], query: ListQuery, token_ids: Collection[int] | None = None
) -> list[Row]:
    """The rows that pass every filter of the query, in their order.

    Raises BadInput for a category when none are loaded.
    """
    kept = list(rows)
    if token_ids is not None:
        kept = [row for row in kept if row["token_id"] in token_ids]
    for name, described in type(query).model_fields.items():
        wanted = getattr(query, name)
        for keep in described.metadata:
            if isinstance(keep, Keep) and wanted is not None:
                if keep.test is has_category:
                    _require_categories(rows)
                kept = [row for row in kept if _passes(row, keep, wanted)]
    return kept


def sort_rows(rows: Sequence[Row], query: ListQuery, members: Mapping[str, str]) -> list[Row]:
    """In the order asked for: rows without a view last, before them those without the value;
    ties by token id. The query's default is the order of the publication.
    """
    described = type(query).model_fields.get("sort")
    sort = None if described is None else getattr(query, "sort", None)
    if described is None or sort is None or sort == described.default:
        return list(rows)
    name = sort.removeprefix("-")
    member = members.get(name, name)
    viewed = [row for row in rows if row.get("no_view") is None]
    valued = [row for row in viewed if read_member(row, member) is not None]
    valued.sort(key=lambda row: int(row.get("token_id", row.get("index_id", 0))))
    valued.sort(key=lambda row: _order(row, member), reverse=sort.startswith("-"))
    valueless = [row for row in viewed if read_member(row, member) is None]
    return [*valued, *valueless, *(row for row in rows if row.get("no_view") is not None)]


def read_member(row: Row, path: str) -> Any:  # noqa: ANN401 - whatever JSON holds there
    """The member at a dotted path; None where any step of it is missing or null."""
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _order(row: Row, member: str) -> str | Decimal:
    value = read_member(row, member)
    return str(value) if member in TEXTS else Decimal(value)


def _passes(row: Row, keep: Keep, wanted: object) -> bool:
    value = read_member(row, keep.member)
    return (keep.sees_null or value is not None) and keep.test(value, wanted)


def _require_categories(rows: Sequence[Row]) -> None:
    if not any(row.get("categories") for row in rows):
        raise BadInput(
            "No categories are loaded, so none can be filtered by.",
            hint="Leave out the parameter category.",
        )
