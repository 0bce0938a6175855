"""The same briefing as Markdown (CommonMark with tables); numbers are links by reference."""

import re
from collections.abc import Callable

from assay.briefing.page.blocks import Card, Line, Table
from assay.briefing.page.contents import create_cards
from assay.briefing.page.lead import NOT_ADVICE, ORIGINS, say_lead
from assay.briefing.page.links import Links
from assay.briefing.page.text import OWN, Name, Number, Part, Text
from assay.briefing.types import Briefing, Resolve

Write = Callable[[Text], str]
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~!$&])")


def render_markdown(briefing: Briefing, resolve: Resolve) -> str:
    """The briefing as text. Links are resolved as by `render_html`."""
    links = Links(briefing, resolve)
    used: dict[int, str] = {}

    def write(text: Text) -> str:
        return "".join(_write_part(part, links, used) for part in text)

    day = briefing.as_of
    lead = " ".join(write(text) for text in say_lead(briefing.row))
    parts = [
        f"# Assay briefing, {day:%A} {day.day} {day:%B %Y}",
        f"*{ORIGINS.get(briefing.origin, briefing.origin)}*",
        lead,
        *(part for card in create_cards(briefing.row) for part in _write_card(card, write)),
        "---",
        f"{NOT_ADVICE} Numbers lead to the publications they were read from; this is "
        f"{write([Number(briefing.publication_id, OWN)])}.",
        "\n".join(f"[{_label(place)}]: {address}" for place, address in sorted(used.items())),
    ]
    return "\n\n".join(parts) + "\n"


def _write_part(part: Part, links: Links, used: dict[int, str]) -> str:
    if isinstance(part, Number):
        return _link(part, links, used)
    if isinstance(part, Name):
        return f"{_escape(part.symbol)} · {_escape(part.name)}"
    return _escape(part)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", text))


def _label(place: int) -> str:
    return "own" if place == OWN else f"p{place}"


def _link(number: Number, links: Links, used: dict[int, str]) -> str:
    href, _ = links.find(number.source)
    if href is None or number.source is None:
        return _escape(number.text)
    used[number.source] = href
    return f"[{_escape(number.text)}][{_label(number.source)}]"


def _write_card(card: Card, write: Write) -> list[str]:
    parts = [f"## {_escape(card.title)}"]
    words = " ".join(write(text) for text in card.words)
    parts += [words] if words else []
    parts += [f"*{_escape(card.absent)}*"] if card.absent else []
    for table in card.tables:
        parts += [f"**{write(table.title)}**"] if table.title else []
        parts.append(_write_table(table, write))
    return parts


def _write_table(table: Table, write: Write) -> str:
    has_notes = any(line.note for line in table.lines)
    head = [*table.head, *([""] if has_notes else [])]
    rule = ["---", *["---:"] * (len(table.head) - 1), *(["---"] if has_notes else [])]
    rows = [head, rule, *(_list_cells(line, write, has_notes) for line in table.lines)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _list_cells(line: Line, write: Write, has_notes: bool) -> list[str]:
    cells = [write(cell) for cell in line.cells]
    return [*cells, *([write(line.note)] if has_notes else [])]
