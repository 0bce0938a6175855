"""What was published, day by day, as columns: histories over many days without reading them anew.

A publication never changes, so its columns are kept under its id, the least used given up first.
Many publications are read with one question to the database. For a few tokens only their rows are
cut out of a publication that is not yet kept: reading it whole takes several times as long.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any

import orjson

from assay import ledger
from assay.api import load_rows_of
from assay.kit.database import Database
from assay.ledger import Standing

LIMIT_BYTES = 96 * 1024 * 1024
FIRST_BATCH = 4
BATCH = 64
FEW = 8
"""Up to so many tokens are cut out; for more a publication is read whole, and kept for others."""
NAN = float("nan")

Key = tuple[str, frozenset[int] | None]
"""A publication, and the tokens cut out of it; None: all of it."""

NUMBERS: Mapping[str, tuple[str, ...]] = {
    "grades.trader": ("grade", "change", "sub_grades.technical", "sub_grades.quant"),
    "grades.investor": ("grade", "sub_grades.valuation"),
    "signals.daily": ("signal", "trend", "signal_return", "holding_return"),
    "signals.hourly": ("signal", "trend", "close", "score", "confidence"),
    "indices": ("return_all", "volume_usd", "transactions"),
}
"""Members that are kept of each row, by kind, under the last part of their path; the row is known
by `token_id` or `index_id`. Of a list its length is kept.
"""

TEXTS: Mapping[str, tuple[str, ...]] = {"grades.trader": ("label",), "indices": ("type", "slug")}
"""Members kept as text: few different values, each stored once."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The rows of one publication: ids in its order and the members kept; NaN is missing."""

    ids: array[int]
    numbers: Mapping[str, array[float]]
    texts: Mapping[str, list[str | None]]

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return 1_024 + len(self.ids) * 8 * (1 + len(self.numbers) + len(self.texts))

    def find(self, subject: int) -> int | None:
        """The place of a token or index; None where the publication does not speak of it."""
        try:
            return self.ids.index(subject)
        except ValueError:
            return None

    def read(self, place: int) -> dict[str, Any]:
        """One row as material: the members kept, None where missing."""
        row: dict[str, Any] = {"id": self.ids[place]}
        for name, column in self.numbers.items():
            value = column[place]
            row[name] = None if value != value else value
        for name, words in self.texts.items():
            row[name] = words[place]
        return row

    def number(self, subject: int, name: str) -> float | None:
        """One member of one token; None where it is missing."""
        place = self.find(subject)
        if place is None:
            return None
        value = self.numbers[name][place]
        return None if value != value else value


@dataclass(frozen=True, slots=True)
class Said:
    """One publication that stands, with its columns."""

    standing: Standing
    columns: Columns


class Archive:
    """The columns of publications, shared by all requests."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self._columns: OrderedDict[Key, Columns] = OrderedDict()
        self._standing: dict[str, tuple[int, list[Standing]]] = {}
        self._words: dict[str, str] = {}
        self._lock = Lock()

    def list_standing(
        self,
        database: Database,
        sequence: int,
        kind: str,
        start: date | None = None,
        end: date | None = None,
    ) -> list[Standing]:
        """What stands of a kind from `start` to `end`, ascending, as of a version word."""
        known = self._standing.get(kind)
        if known is None or known[0] != sequence:
            with database.read() as connection:
                known = (sequence, ledger.list_standing(connection, kind))
            self._standing[kind] = known
        every = known[1]
        first = 0 if start is None else bisect_left(every, start, key=_day)
        after = len(every) if end is None else bisect_right(every, end, key=_day)
        return every[first:after]

    def walk(
        self,
        database: Database,
        kind: str,
        standing: Sequence[Standing],
        ids: frozenset[int] | None = None,
        ahead: int = 0,
    ) -> Iterator[list[Said]]:
        """The publications newest first, in batches that are read as far as the caller goes; `ids`
        is what is asked of them (None: everything). The oldest `ahead` are only read, for those who
        look back from the others.
        """
        place, batch = len(standing), FIRST_BATCH
        while place > ahead:
            first = max(place - batch, ahead)
            found = self.load(database, kind, standing[first - ahead : place], ids)
            chosen = reversed(standing[first:place])
            yield [Said(item, found[item.publication_id]) for item in chosen]
            place, batch = first, BATCH

    def load(
        self,
        database: Database,
        kind: str,
        standing: Sequence[Standing],
        ids: frozenset[int] | None = None,
    ) -> dict[str, Columns]:
        """The columns of these publications by id, at least those of `ids`."""
        part = ids if ids is not None and len(ids) <= FEW else None
        wanted = [item.publication_id for item in standing]
        found = self._find(wanted, part)
        missing = [publication_id for publication_id in wanted if publication_id not in found]
        if missing:
            with database.read() as connection:
                rows = ledger.load_rows(connection, missing)
            for publication_id in missing:
                columns = self.read(kind, rows[publication_id], part)
                found[publication_id] = columns
                self._keep((publication_id, part), columns)
        return found

    def read(self, kind: str, rows: bytes, ids: frozenset[int] | None = None) -> Columns:
        """The members kept of a publication's rows, of all of them or of `ids` by their number."""
        member = "index_id" if kind == "indices" else "token_id"
        if ids is None:
            decoded = orjson.loads(rows)
        else:
            placed = sorted(ids, key=lambda subject: find_place(rows, member, subject))
            decoded = [row for subject in placed for row in load_rows_of(rows, member, subject)]
        return Columns(
            array("q", (row[member] for row in decoded)),
            {
                path.rpartition(".")[2]: array("d", [_or_nan(v) for v in _list(decoded, path)])
                for path in NUMBERS[kind]
            },
            {
                name: [self._word(word) for word in _list(decoded, name)]
                for name in TEXTS.get(kind, ())
            },
        )

    def _find(
        self, publication_ids: Sequence[str], part: frozenset[int] | None
    ) -> dict[str, Columns]:
        found = {}
        with self._lock:
            for publication_id in publication_ids:
                for key in dict.fromkeys(((publication_id, None), (publication_id, part))):
                    columns = self._columns.get(key)
                    if columns is not None:
                        self._columns.move_to_end(key)
                        found[publication_id] = columns
                        break
        return found

    def _word(self, word: str | None) -> str | None:
        return None if word is None else self._words.setdefault(word, word)

    def _keep(self, key: Key, columns: Columns) -> None:
        with self._lock:
            if key not in self._columns:
                self._columns[key] = columns
                self.size_bytes += columns.size
            while self.size_bytes > self.limit_bytes:
                self.size_bytes -= self._columns.popitem(last=False)[1].size


def find_place(rows: bytes, member: str, value: int) -> int:
    """Where a row stands in canonical rows; only good for ordering rows that are there."""
    needle = f'"{member}":{value}'.encode()
    return max(rows.find(needle + b","), rows.find(needle + b"}"))


def _day(standing: Standing) -> date:
    return standing.as_of


def _list(rows: Sequence[Mapping[str, Any]], path: str) -> list[Any]:
    """The member at a path of one or two names, of every row."""
    name, _, inner = path.partition(".")
    if not inner:
        return [row.get(name) for row in rows]
    return [None if row.get(name) is None else row[name].get(inner) for row in rows]


def _or_nan(value: Any) -> float:  # noqa: ANN401 - a decimal string, a number or a list
    if value is None:
        return NAN
    return float(len(value)) if isinstance(value, list) else float(value)
