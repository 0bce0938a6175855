"""Publications as readings: those that came since, in their order, and what stands for new rules.

Nothing published is missed, however long nobody watched: the number up to which all was judged is
written together with how the rules stand.
"""

from collections.abc import Collection
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection

from assay import ledger
from assay.alerts.compute.readings import METRICS_OF, Rows, read_publication
from assay.alerts.types import Reading
from assay.kit.database import Database
from assay.kit.moments import close_of, close_of_hour
from assay.ledger import Heading, Origin, Publication, Selection

Key = tuple[str, str]
PAGE = 50
"""Publications read at a time."""

_COMPARES = ("moonshots",)
"""Kinds whose readings need the list of the day before."""


@dataclass(frozen=True, slots=True)
class Page:
    """Readings of some publications in their order; all up to `through` are in it."""

    readings: list[Reading]
    through: int


def load_version(database: Database) -> int:
    """The number of the newest publication."""
    with database.read() as connection:
        return ledger.load_version(connection)


def load_page(database: Database, after: int, keys: Collection[Key]) -> Page:
    """The readings that `keys` ask for of the next publications after a number."""
    metrics = {metric for metric, _ in keys}
    asked = Selection(is_newest_first=False)
    with database.read() as connection:
        headings = ledger.list_headers(connection, asked, after, PAGE)
        readings: list[Reading] = []
        for heading in headings:
            if heading.withdraws is None and metrics & set(METRICS_OF.get(heading.kind, ())):
                readings += _read(connection, heading, keys)
    return Page(readings, headings[-1].sequence if headings else after)


def load_standing(database: Database, through: int, keys: Collection[Key]) -> list[Reading]:
    """The readings that `keys` ask for of what stands, said up to the number `through`."""
    metrics = {metric for metric, _ in keys}
    readings: list[Reading] = []
    with database.read() as connection:
        for kind, told in METRICS_OF.items():
            if not metrics & set(told):
                continue
            said = ledger.load_latest(connection, kind, before=through + 1)
            if said is not None:
                readings += _list(connection, said, keys)
    return readings


def _read(connection: Connection, heading: Heading, keys: Collection[Key]) -> list[Reading]:
    said = ledger.load_publication(connection, heading.publication_id)
    return _list(connection, said, keys)


def _list(connection: Connection, said: Publication, keys: Collection[Key]) -> list[Reading]:
    before: Rows = ()
    if said.kind in _COMPARES:
        last = ledger.load_latest(connection, said.kind, before=said.sequence)
        before = () if last is None else orjson.loads(last.rows)
    hour = said.hour
    at = close_of(said.as_of) if hour is None else close_of_hour(said.as_of, hour)
    readings = read_publication(
        said.kind,
        orjson.loads(said.rows),
        before,
        at,
        said.publication_id,
        is_replay=said.origin is Origin.REPLAY,
    )
    return [item for item in readings if (item.metric, item.subject) in keys]
