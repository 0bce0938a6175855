"""Selecting, ordering and cutting the rows of a publication. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from assay.api.parameters import GradeSort
from assay.kit.errors import BadInput

Row = Mapping[str, Any]
T = TypeVar("T")

_MEMBERS = {"volume": "volume_usd"}


@dataclass(frozen=True, slots=True)
class Selection:
    """What a list of grades keeps; None keeps all. A row without the value a limit needs goes."""

    token_ids: Collection[int] | None = None
    category: str | None = None
    min_grade: Decimal | None = None
    min_volume_usd: Decimal | None = None


def select_rows(rows: Sequence[Row], selection: Selection) -> list[Row]:
    """The rows that pass, in their order. Raises BadInput for a category when none are loaded."""
    kept = list(rows)
    if selection.category is not None:
        if not any(row.get("categories") for row in rows):
            raise BadInput(
                "No categories are loaded, so none can be filtered by.",
                hint="Leave out the parameter category.",
            )
        wanted = selection.category.casefold()
        kept = [r for r in kept if wanted in (c.casefold() for c in r.get("categories") or ())]
    if selection.token_ids is not None:
        kept = [row for row in kept if row["token_id"] in selection.token_ids]
    if selection.min_grade is not None:
        kept = [row for row in kept if _reaches(row.get("grade"), selection.min_grade)]
    if selection.min_volume_usd is not None:
        kept = [row for row in kept if _reaches(row.get("volume_usd"), selection.min_volume_usd)]
    return kept


def sort_rows(rows: Sequence[Row], sort: GradeSort) -> list[Row]:
    """In the order asked for: rows without a view last, before them those without the value;
    ties by token id. The best-first order is that of the publication.
    """
    if sort is GradeSort.BEST:
        return list(rows)
    name = sort.value.removeprefix("-")
    member = _MEMBERS.get(name, name)
    value: Callable[[Row], Any] = (
        (lambda row: row[member]) if name == "symbol" else (lambda row: Decimal(row[member]))
    )
    viewed = [row for row in rows if row.get("grade") is not None]
    valued = sorted(
        (row for row in viewed if row.get(member) is not None), key=lambda row: int(row["token_id"])
    )
    valued.sort(key=value, reverse=sort.value.startswith("-"))
    valueless = [row for row in viewed if row.get(member) is None]
    return [*valued, *valueless, *(row for row in rows if row.get("grade") is None)]


def cut_page(items: Sequence[T], offset: int, limit: int) -> tuple[Sequence[T], int | None]:
    """One page and the offset of the next one, None after the last."""
    page = items[offset : offset + limit]
    return page, offset + limit if offset + limit < len(items) else None


def _reaches(value: str | None, least: Decimal) -> bool:
    return value is not None and Decimal(value) >= least
