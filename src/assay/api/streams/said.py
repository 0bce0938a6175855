"""What is published, as a stream tells it: which publication, its first rows, what changed.

A publication has thousands of rows and is read at its address; whoever listens is told that there
is a new one and what most people want to know of it, in some kilobytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import orjson

from assay import ledger
from assay.kit.database import Database
from assay.kit.moments import close_of, close_of_hour
from assay.ledger import Publication, Selection

MOST_ROWS: Final = 10
MOST_CHANGES: Final = 50

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Topic:
    """How publications of one kind are told: their channel and key, the members shown of a row,
    the member that identifies it, and what of a row counts as changed.
    """

    kind: str
    channel: str
    key: str
    members: tuple[str, ...]
    subject: str
    is_changed: Callable[[Row, Row | None], bool]


def _has_other(member: str) -> Callable[[Row, Row | None], bool]:
    def is_changed(row: Row, before: Row | None) -> bool:
        return before is None or before.get(member) != row.get(member)

    return is_changed


def _is_rebalanced(row: Row, before: Row | None) -> bool:
    return bool(row.get("rebalanced"))


_GRADE: Final = ("token_id", "symbol", "grade", "label", "change", "rank")
_SIGNAL: Final = ("token_id", "symbol", "signal", "confidence", "entry_price", "stop", "target")
_INDEX: Final = ("index_id", "slug", "level", "return_1d", "rebalanced")

TOPICS: Final = (
    Topic("grades.trader", "grades", "trader", _GRADE, "token_id", _has_other("label")),
    Topic("grades.investor", "grades", "investor", _GRADE, "token_id", _has_other("label")),
    Topic("signals.daily", "signals", "daily", _SIGNAL, "token_id", _has_other("signal")),
    Topic("signals.hourly", "signals", "hourly", _SIGNAL, "token_id", _has_other("signal")),
    Topic("indices", "indices", "all", _INDEX, "index_id", _is_rebalanced),
)

Told = Mapping[str, int]
"""The number of the newest publication of each kind that has been looked at."""


def load_news(
    database: Database, told: Told = MappingProxyType({})
) -> tuple[dict[str, int], list[tuple[Topic, bytes]]]:
    """(what has been looked at now, topics with a payload for those kinds that have news).

    Cheap where nothing is new: one indexed look a kind.
    """
    seen = dict(told)
    news = []
    with database.read() as connection:
        for topic in TOPICS:
            headings = ledger.list_headers(connection, Selection(topic.kind), None, 1)
            if not headings or headings[0].sequence == told.get(topic.kind):
                continue
            seen[topic.kind] = headings[0].sequence
            latest = ledger.load_latest(connection, topic.kind)
            if latest is None:
                continue
            before = ledger.load_latest(connection, topic.kind, before=latest.sequence)
            news.append((topic, write_news(topic, latest, before)))
    return seen, news


def write_news(topic: Topic, latest: Publication, before: Publication | None) -> bytes:
    """The payload: what stands now, and what is otherwise than in the publication that stood
    before it was said. Back-filled days that are not the newest change nothing.
    """
    rows = orjson.loads(latest.rows)
    known = {} if before is None else {r[topic.subject]: r for r in orjson.loads(before.rows)}
    changed = [row for row in rows if topic.is_changed(row, known.get(row[topic.subject]))]
    closed = (
        close_of(latest.as_of) if latest.hour is None else close_of_hour(latest.as_of, latest.hour)
    )
    return orjson.dumps(
        {
            "kind": latest.kind,
            "publication": latest.publication_id,
            "as_of": latest.as_of,
            "closed_at": closed,
            "published_at": latest.published_at,
            "origin": latest.origin.value,
            "corrects": latest.corrects,
            "previous": None if before is None else before.publication_id,
            "rows": len(rows),
            "top": [_show(topic, row) for row in rows[:MOST_ROWS]],
            "changed": None if before is None else len(changed),
            "changes": None
            if before is None
            else [_show(topic, row) for row in changed[:MOST_CHANGES]],
        },
        option=orjson.OPT_UTC_Z,
    )


def _show(topic: Topic, row: Row) -> dict[str, Any]:
    return {name: row.get(name) for name in topic.members}
