"""The words of the briefing: what a number was read from, and a briefing as it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A publication that numbers were read from: what was said, of which day, in which bytes."""

    kind: str
    as_of: date
    rows_digest: str


Resolve = Callable[[Source], str | None]
"""The id of the publication with these rows, None where the ledger holds none."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """What stands of one day. `row` is the one sealed row; its fields are in the manual."""

    as_of: date
    publication_id: str
    origin: str
    published_at: datetime
    row: Mapping[str, Any]
