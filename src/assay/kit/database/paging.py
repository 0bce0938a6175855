"""Lists that are shown newest first, a page at a time."""

from typing import Any

from sqlalchemy import ColumnElement, Select


def page_newest(
    wanted: Select[Any],
    at_us: ColumnElement[int],
    key: ColumnElement[str],
    before: tuple[int, str] | None,
    limit: int | None,
) -> Select[Any]:
    """Rows newest first by (microseconds, id); with `before` those after it in this order."""
    if before is not None:
        last_us, last_key = before
        wanted = wanted.where((at_us < last_us) | (at_us == last_us) & (key < last_key))
    return wanted.order_by(at_us.desc(), key.desc()).limit(limit)
