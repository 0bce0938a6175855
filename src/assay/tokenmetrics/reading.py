"""What an endpoint reads from: one world of facts and publications, and the shared archive."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import orjson

from assay import ledger
from assay.api import ApiState, Facts
from assay.ledger import Publication, Standing
from assay.tokenmetrics.answers import Answers
from assay.tokenmetrics.archive import Archive, Columns, Said
from assay.tokenmetrics.naming import Chosen, Names, read_categories
from assay.tokenmetrics.types import Asked

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """One publication with its rows."""

    publication: Publication
    rows: Sequence[Row]

    @property
    def day(self) -> date:
        """The day it speaks of."""
        return self.publication.as_of


class Shelf:
    """What the requests of one application share: the archive, and the names and answers of one
    world.
    """

    def __init__(self) -> None:
        self.archive = Archive()
        self.answers = Answers()
        self._names: tuple[int, Names] | None = None

    def load_names(self, reading: "Reading") -> Names:
        """The names of the world that is read; computed once for each."""
        known = self._names
        if known is None or known[0] != reading.sequence or known[1].facts is not reading.facts:
            listed = reading.load_newest("indices")
            sectors = () if listed is None else read_categories(listed.rows)
            known = self._names = (reading.sequence, Names(reading.facts, sectors))
        return known[1]


@dataclass(frozen=True)
class Reading:
    """One request's view. Nothing is computed here: it finds what was said and what is known."""

    state: ApiState
    facts: Facts
    sequence: int
    shelf: Shelf = field(repr=False)

    @cached_property
    def names(self) -> Names:
        """What tokens are called and which there are."""
        return self.shelf.load_names(self)

    @property
    def newest_day(self) -> date:
        """The newest complete day of the data."""
        return self.facts.newest_day

    def name(self, token_id: int) -> Row:
        """Id, symbol, name, slug and link of a token on the newest day of the data."""
        return dict(self.names.labels[token_id])

    def load_newest(self, kind: str, day: date | None = None) -> Listed | None:
        """What stands of a kind for a day (None: the newest) with all its rows."""
        with self.state.database.read() as connection:
            found = ledger.load_latest(connection, kind, day)
        return None if found is None else Listed(found, orjson.loads(found.rows))

    def load_rows(self, kind: str, asked: Asked) -> Iterator[tuple[date, Row]]:
        """The rows with a view of the newest publication by `endDate`, of the tokens asked for."""
        chosen = self.names.choose(asked)
        standing = self.list_standing(kind, None, asked.end)
        if not standing:
            return
        listed = self.load_publication(standing[-1])
        if asked.start is not None and listed.day < asked.start:
            return
        for row in listed.rows:
            if self.shows(row, chosen):
                yield listed.day, row

    def shows(self, row: Row, chosen: Chosen) -> bool:
        """True if a row has a view and is of a token that is asked for and known."""
        token_id = row["token_id"]
        is_known = token_id in self.names.tokens
        return row["no_view"] is None and is_known and chosen.holds(token_id)

    def load_publication(self, standing: Standing) -> Listed:
        """A publication that stands, with its rows."""
        with self.state.database.read() as connection:
            found = ledger.load_publication(connection, standing.publication_id)
        return Listed(found, orjson.loads(found.rows))

    def list_standing(self, kind: str, start: date | None, end: date | None) -> list[Standing]:
        """What stands of a kind from `start` to `end`, both included, ascending."""
        database = self.state.database
        return self.shelf.archive.list_standing(database, self.sequence, kind, start, end)

    def walk(
        self,
        kind: str,
        asked: Asked,
        ids: frozenset[int] | None = None,
        lag_days: int = 0,
        beside: Sequence[str] = (),
    ) -> Iterator[Said]:
        """The publications of the days asked for, newest first, as columns of at least `ids`. With
        `lag_days` those of as many days before are read along, and those of the kinds `beside`.
        """
        standing = self.list_standing(kind, asked.start, asked.end)
        before: list[Standing] = []
        if lag_days and standing:
            first = standing[0].as_of
            since, until = first - timedelta(days=lag_days), first - timedelta(days=1)
            before = self.list_standing(kind, since, until)
        archive, database = self.shelf.archive, self.state.database
        for batch in archive.walk(database, kind, [*before, *standing], ids, len(before)):
            for other in beside:
                days = batch[-1].standing.as_of, batch[0].standing.as_of
                archive.load(database, other, self.list_standing(other, *days), ids)
            yield from batch

    def walk_rows(self, kind: str, asked: Asked, batch: int = 16) -> Iterator[tuple[date, Row]]:
        """The same with whole rows, read a few days at a time."""
        standing = self.list_standing(kind, asked.start, asked.end)
        for last in range(len(standing), 0, -batch):
            chosen = standing[max(last - batch, 0) : last]
            with self.state.database.read() as connection:
                rows = ledger.load_rows(connection, [item.publication_id for item in chosen])
            for item in reversed(chosen):
                for row in orjson.loads(rows[item.publication_id]):
                    yield item.as_of, row

    def find_columns(
        self, kind: str, day: date, ids: frozenset[int] | None = None
    ) -> Columns | None:
        """The columns of what stands for one day, at least those of `ids`; None where nothing
        does.
        """
        standing = self.list_standing(kind, day, day)
        if not standing:
            return None
        found = self.shelf.archive.load(self.state.database, kind, standing[-1:], ids)
        return found[standing[-1].publication_id]

    def find_lagged(
        self, kind: str, day: date, days: int, ids: frozenset[int] | None = None
    ) -> Columns | None:
        """The columns of what stands `days` before a day."""
        return self.find_columns(kind, day - timedelta(days=days), ids)


def pick(said: Said, ids: frozenset[int] | None) -> Iterator[Mapping[str, Any]]:
    """The rows of one publication that are asked for, in its order."""
    columns = said.columns
    if ids is None:
        places: Sequence[int] = range(len(columns.ids))
    else:
        found = (columns.find(subject) for subject in ids) if len(ids) < FEW else None
        places = (
            sorted(place for place in found if place is not None)
            if found is not None
            else [place for place, subject in enumerate(columns.ids) if subject in ids]
        )
    for place in places:
        yield columns.read(place)


FEW = 16
"""Up to so many tokens each is looked for; beyond that the rows are gone through once."""
