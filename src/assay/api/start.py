"""What the start page shows: the state of the data and the best grades of each kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from assay import ledger
from assay.api.cards import CARDS, Card
from assay.api.kinds import GRADES
from assay.api.state import ApiState, Facts
from assay.grades import GradeKind

BEST = 12


@dataclass(frozen=True, slots=True)
class Board:
    """The best grades of one kind, and how many tokens were judged and not judged."""

    kind: GradeKind
    as_of: date
    origin: str
    publication_id: str
    rows: list[Mapping[str, Any]]
    viewed: int
    unviewed: int


@dataclass(frozen=True, slots=True)
class Told:
    """The lines of one other kind."""

    title: str
    link: str
    as_of: date
    publication_id: str
    lines: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Start:
    """The whole page. `is_recorded` is True when the data ends before the present of the clock;
    `history` says what is still being published; `is_keyed` that the links ask for a key.
    """

    port: int
    is_keyed: bool
    newest_day: date
    is_recorded: bool
    first_day: date
    tokens: int
    ended: int
    boards: list[Board]
    told: list[Told]
    history: str


def read_start(state: ApiState, facts: Facts) -> Start:
    """Read what the start page shows; a kind without publications has no board."""
    tokens = facts.registry.tokens(facts.newest_day)
    return Start(
        port=state.settings.port or 8000,
        is_keyed=state.settings.keys,
        newest_day=facts.newest_day,
        is_recorded=state.is_recorded(facts),
        first_day=facts.panel.first_day,
        tokens=len(tokens),
        ended=sum(token.last_day is not None for token in tokens),
        boards=[board for kind in GradeKind if (board := read_board(state, kind)) is not None],
        told=[told for card in CARDS if (told := read_card(state, card)) is not None],
        history=state.history(),
    )


def read_board(state: ApiState, kind: GradeKind) -> Board | None:
    """The newest grades of one kind."""
    with state.database.read() as connection:
        publication = ledger.load_latest(connection, GRADES[kind].said.kind)
    if publication is None:
        return None
    rows = orjson.loads(publication.rows)
    viewed = [row for row in rows if row.get("grade") is not None]
    return Board(
        kind,
        publication.as_of,
        publication.origin.value,
        publication.publication_id,
        viewed[:BEST],
        len(viewed),
        len(rows) - len(viewed),
    )


def read_card(state: ApiState, card: Card) -> Told | None:
    """The newest rows of another kind, in a few lines; None where nothing was said."""
    with state.database.read() as connection:
        said = ledger.load_latest(connection, card.kind)
    if said is None:
        return None
    lines = card.tell(orjson.loads(said.rows))
    return Told(card.title, card.link, said.as_of, said.publication_id, lines)
