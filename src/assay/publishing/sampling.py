"""Which publications to check: drawn by a seed, so that anybody draws the same ones again.

Each publication has the rank SHA-256("<seed>:<publication_id>"). Kinds take turns, each giving its
publication of the lowest rank, until enough are drawn: so no kind is left out because it says
little, and nothing that was ever said is left out because it was corrected or withdrawn later.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from sqlalchemy import Connection

from assay import ledger
from assay.ledger import Heading, Selection

PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """One publication to check. `overruled_by` names those that corrected or withdrew it."""

    heading: Heading
    overruled_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn with `seed` from everything up to the sequence number `until`; `totals` counts
    by kind what was there to draw from.
    """

    seed: int
    until: int
    totals: dict[str, int]
    drawn: tuple[Drawn, ...]


def draw_sample(
    connection: Connection,
    count: int,
    seed: int,
    *,
    kinds: Collection[str] = (),
    until: int | None = None,
) -> Sample:
    """Draw `count` publications (fewer where there are fewer) of these kinds (default: of all), out
    of those with sequence numbers up to `until` (default: of all there are).
    """
    last = ledger.load_version(connection) if until is None else until
    everything = [item for item in _list_all(connection) if item.sequence <= last]
    overruled = _list_overruled(everything)
    by_kind: dict[str, list[Heading]] = {}
    for item in everything:
        if not kinds or item.kind in kinds:
            by_kind.setdefault(item.kind, []).append(item)
    ranked = [
        sorted(by_kind[kind], key=lambda item: _rank(seed, item.publication_id))
        for kind in sorted(by_kind)
    ]
    turns = (item for turn in zip_longest(*ranked) for item in turn if item is not None)
    chosen = [item for item, _ in zip(turns, range(count), strict=False)]
    drawn = [
        Drawn(item, tuple(overruled.get(item.publication_id, ())))
        for item in sorted(chosen, key=lambda item: (item.kind, item.sequence))
    ]
    totals = {kind: len(items) for kind, items in sorted(by_kind.items())}
    return Sample(seed, last, totals, tuple(drawn))


def _list_all(connection: Connection) -> Iterable[Heading]:
    asked = Selection(is_newest_first=False)
    after: int | None = None
    while page := ledger.list_headers(connection, asked, after, PAGE):
        yield from page
        after = page[-1].sequence


def _list_overruled(items: Sequence[Heading]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in items:
        for earlier in filter(None, (item.corrects, item.withdraws)):
            found.setdefault(earlier, []).append(item.publication_id)
    return found


def _rank(seed: int, publication_id: str) -> bytes:
    return hashlib.sha256(f"{seed}:{publication_id}".encode()).digest()
