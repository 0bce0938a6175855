"""What was said before, as a judge may read it: recorded, so that the inputs digest covers it."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import date

import orjson

from assay import ledger
from assay.kit.database import Database
from assay.ledger import Publication
from assay.publishing.types import Rows, SaidRows

LIMIT_KEPT = 160
LIMIT_UNSAVED = 64
"""More than wait to be saved at any time: what is stored is read from there again."""

Load = Callable[[str, date], bytes | None]
Look = tuple[str, date, str | None]


class SaidBook:
    """Reads canonical rows by kind and day through `load`, and remembers what was looked at."""

    def __init__(self, load: Load, kinds: Collection[str]) -> None:
        self._load = load
        self._kinds = frozenset(kinds)
        self._kept: OrderedDict[tuple[str, date], SaidRows | None] = OrderedDict()
        self._unsaved: OrderedDict[tuple[str, date], bytes] = OrderedDict()
        self._looks: dict[tuple[str, date], str | None] = {}

    def find(self, kind: str, day: date) -> SaidRows | None:
        """What stands for a day; None where nothing does. Raises ValueError for an undeclared
        kind.
        """
        if kind not in self._kinds:
            raise ValueError(f"{kind} is read but not declared in the speaker's `reads`")
        key = (kind, day)
        if key not in self._kept:
            payload = self._unsaved.get(key) or self._load(kind, day)
            self._keep(key, None if payload is None else read_rows(kind, day, payload))
        found = self._kept[key]
        self._kept.move_to_end(key)
        self._looks[key] = None if found is None else found.rows_digest
        return found

    def rows(self, kind: str, day: date) -> Rows | None:
        """The rows alone; not to be changed."""
        found = self.find(kind, day)
        return None if found is None else found.rows

    def add(self, kind: str, day: date, payload: bytes) -> None:
        """Make known what is about to be published, before it is stored; parsed when it is read."""
        self._kept.pop((kind, day), None)
        self._unsaved[kind, day] = payload
        if len(self._unsaved) > LIMIT_UNSAVED:
            self._unsaved.popitem(last=False)

    def take_looks(self) -> list[Look]:
        """What was looked at since the last call, in a fixed order."""
        looks = [(kind, day, digest) for (kind, day), digest in sorted(self._looks.items())]
        self._looks = {}
        return looks

    def _keep(self, key: tuple[str, date], found: SaidRows | None) -> None:
        self._kept[key] = found
        self._kept.move_to_end(key)
        if len(self._kept) > LIMIT_KEPT:
            self._kept.popitem(last=False)


def read_rows(kind: str, day: date, payload: bytes) -> SaidRows:
    """Canonical rows with their digest."""
    return SaidRows(kind, day, orjson.loads(payload), hashlib.sha256(payload).hexdigest())


def stored(database: Database, before: Publication | None = None) -> Load:
    """Reads what stands in the ledger; with `before`, what stood when that was published."""

    def load(kind: str, day: date) -> bytes | None:
        with database.read() as connection:
            found = ledger.load_latest(
                connection, kind, day, before=None if before is None else before.sequence
            )
        return None if found is None else found.rows

    return load
