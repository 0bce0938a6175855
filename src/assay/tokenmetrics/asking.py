"""Reads a query the way the contract's clients write it. Pure.

Unknown parameters are ignored, lists are separated by commas (blanks allowed) or by repeating the
name, both spellings of a name are understood, empty values count as absent.
"""

from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qsl

from assay.tokenmetrics.types import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    MAX_OFFSET,
    Asked,
    BadParameter,
    read_integer,
)

ALIASES = {
    "start_date": "startDate",
    "end_date": "endDate",
    "investor_grade": "investorGrade",
    "trader_grade": "traderGrade",
    "trader_grade_percent_change": "traderGradePercentChange",
    "market_cap": "marketcap",
    "index_id": "id",
    "index_name": "indexName",
}
"""Other spellings that clients use, and the contract's own."""

MAX_PAGE = 10**9


def parse_asked(query: bytes, *, is_zero_based: bool, limited_by: str = "limit") -> Asked:
    """A query string as asked. Raises BadParameter that names the parameter at fault.

    Pages: clients of the first era (key in `api_key`) count from 0, all others from 1, and 0 is
    the first page for everybody. `limited_by` sets the length of a page where `limit` does not.
    """
    items = collect(query)
    start, end = parse_day(items, "startDate"), parse_day(items, "endDate")
    if start is not None and end is not None and start > end:
        raise BadParameter("startDate lies after endDate.", hint="Exchange the two.")
    name = "limit" if "limit" in items else limited_by
    limit_text, page_text = _first(items, name), _first(items, "page")
    limit = DEFAULT_LIMIT
    if limit_text is not None:
        limit = read_integer(name, limit_text, 1, MAX_LIMIT)
    page = 0 if page_text is None else read_integer("page", page_text, 0, MAX_PAGE)
    place = page if is_zero_based else max(page - 1, 0)
    if place * limit > MAX_OFFSET:
        raise BadParameter(
            f"page lies more than {MAX_OFFSET:,} rows in.", hint="Narrow the dates or the tokens."
        )
    return Asked(items, start, end, limit, place * limit)


def collect(query: bytes) -> dict[str, tuple[str, ...]]:
    """The items of every parameter under the contract's name for it."""
    items: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(query.decode("latin-1"), errors="replace"):
        known = ALIASES.get(name, name)
        found = tuple(part.strip() for part in value.split(",") if part.strip())
        items[known] = (*items.get(known, ()), *found)
    return {name: found for name, found in items.items() if found}


def parse_day(items: Mapping[str, tuple[str, ...]], name: str) -> date | None:
    """A day, or the day of a moment in ISO 8601. Raises BadParameter for anything else."""
    text = _first(items, name)
    if text is None:
        return None
    day, separator, _ = text.replace(" ", "T").partition("T")
    try:
        found = date.fromisoformat(day)
    except ValueError:
        found = None
    if found is None or found.isoformat() != day or (separator and len(text) == len(day) + 1):
        raise BadParameter(
            f"{name} must be a day written as YYYY-MM-DD.", hint=f"Write {name}=2023-12-29."
        )
    return found


def _first(items: Mapping[str, tuple[str, ...]], name: str) -> str | None:
    found = items.get(name)
    return found[0] if found else None
