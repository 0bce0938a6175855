"""Building blocks of every evaluation page: frame, sections, cards, tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from assay.evaluation.document import NOT_ADVICE
from assay.evaluation.page.style import STYLE
from assay.evaluation.page.tables import create_tile

ORIGINS = {
    "live": "Said before the outcome: published as its day closed, before any outcome bar opened.",
    "replay": "Replayed: computed on a replayed clock from what was known on each day.",
    "backfilled": (
        "Backfilled: computed afterwards, walk-forward, from what was known on each day. "
        "It was not said before the outcome."
    ),
}


@dataclass(frozen=True, slots=True)
class Card:
    """One drawing or table (`body` is HTML of ours) under a title and a sentence."""

    title: str
    words: str
    body: str
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Cards that answer one question."""

    title: str
    words: str
    cards: Sequence[Card]


def create_blank_page(
    title: str,
    lead: str,
    *,
    origin: str,
    chips: Sequence[tuple[str, str]] = (),
    notes: Sequence[str] = (),
    tiles: Sequence[tuple[str, str, str]] = (),
    sections: Sequence[Section] = (),
    footer: str = "",
) -> str:
    """One self-contained HTML page: inline styles and drawings, no script, nothing fetched.

    `lead` is the verdict in a sentence; `chips` are (name, words), `tiles` (name, number, more).
    All texts are escaped here.
    """
    items = "".join(f"<li><b>{escape(name)}</b> {escape(words)}</li>" for name, words in chips)
    warnings = "".join(f"<p>{escape(note)}</p>" for note in notes)
    figures = "".join(create_tile(*tile) for tile in tiles)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        '<header><div class="over">Assay · evaluation</div>'
        f'<h1>{escape(title)}</h1><p class="lead">{escape(lead)}</p>'
        f"<p>{escape(ORIGINS.get(origin, origin))} {escape(NOT_ADVICE)}</p>"
        f'<ul class="chips">{items}</ul>'
        + (f'<div class="notes">{warnings}</div>' if warnings else "")
        + "</header>"
        + (f'<div class="tiles">{figures}</div>' if figures else "")
        + "".join(_write_section(section) for section in sections)
        + f"<footer><p>{escape(footer)}</p><p>{escape(NOT_ADVICE)}</p></footer>"
        + "</main></body></html>"
    )


def _write_section(section: Section) -> str:
    cards = "".join(_write_card(card) for card in section.cards)
    return (
        f"<h2>{escape(section.title)}</h2><p>{escape(section.words)}</p>"
        f'<div class="grid">{cards}</div>'
    )


def _write_card(card: Card) -> str:
    classes = "card wide" if card.wide else "card"
    return (
        f'<section class="{classes}"><h3>{escape(card.title)}</h3>'
        f"<p>{escape(card.words)}</p>{card.body}</section>"
    )
