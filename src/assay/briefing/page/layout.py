"""The page: one self-contained HTML document, nothing fetched, all text escaped."""

from collections.abc import Callable
from datetime import date
from html import escape

from assay.briefing.page.blocks import Card, Line, Table
from assay.briefing.page.contents import create_cards
from assay.briefing.page.lead import NOT_ADVICE, ORIGINS, say_lead
from assay.briefing.page.links import Links
from assay.briefing.page.numbers import count
from assay.briefing.page.style import STYLE
from assay.briefing.page.text import OWN, Name, Number, Part, Text
from assay.briefing.types import Briefing, Resolve

Write = Callable[[Text], str]
WIDTHS = {
    "market": "five",
    "forecasts": "seven",
    "signals": "four",
    "indices": "four",
    "risks": "four",
}


def render_html(briefing: Briefing, resolve: Resolve) -> str:
    """The briefing as one page. `resolve` finds the publication that a number was read from; a
    number whose publication is not in the ledger stands without a link.
    """
    links = Links(briefing, resolve)

    def write(text: Text) -> str:
        return "".join(_write_part(part, links) for part in text)

    day = briefing.as_of
    cards = "".join(_write_card(card, write) for card in create_cards(briefing.row))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>Briefing of {day.isoformat()}</title><style>{STYLE}</style></head><body><main>"
        f"{_write_header(briefing, day, write)}"
        f'<div class="grid">{cards}</div>{_write_footer(briefing, links)}</main></body></html>'
    )


def _write_part(part: Part, links: Links) -> str:
    if isinstance(part, Number):
        return _link(part, links)
    if isinstance(part, Name):
        return f"{escape(part.symbol)} <i>{escape(part.name)}</i>"
    return escape(part)


def _link(number: Number, links: Links) -> str:
    href, title = links.find(number.source)
    text = escape(number.text)
    if href is None:
        return f'<span class="n">{text}</span>'
    return f'<a class="n" href="{escape(href)}" title="{escape(title)}">{text}</a>'


def _write_header(briefing: Briefing, day: date, write: Write) -> str:
    sentences = " ".join(write(text) for text in say_lead(briefing.row))
    origin = ORIGINS.get(briefing.origin, briefing.origin)
    return (
        '<header><p class="over"><b>Assay</b> daily briefing</p>'
        f"<h1>{day:%A}, {day.day} {day:%B %Y}</h1>"
        f'<p class="origin {escape(briefing.origin)}">{escape(origin)}</p>'
        f'<p class="lead">{sentences}</p></header>'
    )


def _write_card(card: Card, write: Write) -> str:
    width = WIDTHS.get(card.name, "six")
    words = "".join(f"<p>{write(text)}</p>" for text in card.words)
    absent = f'<p class="absent">{escape(card.absent)}</p>' if card.absent else ""
    tables = "".join(_write_table(table, write) for table in card.tables)
    name = escape(card.name.replace(".", " "))
    return (
        f'<section class="card {width} {name}"><h2>{escape(card.title)}</h2>'
        f"{card.drawing}{words}{absent}{_wrap(tables)}</section>"
    )


def _wrap(tables: str) -> str:
    return f'<div class="tables">{tables}</div>' if tables else ""


def _write_table(table: Table, write: Write) -> str:
    has_drawing = any(line.drawing for line in table.lines)
    title = write(table.title)
    head = [f'<th scope="col">{escape(name)}</th>' for name in table.head]
    if title and not table.drawing:
        head[0] = f'<th scope="col" class="title">{title}</th>'
    if has_drawing:
        head.insert(1, '<th class="pic"></th>')
    above = f"<h3>{title}</h3>{table.drawing}" if table.drawing else ""
    body = "".join(_write_line(line, write, has_drawing) for line in table.lines)
    return (
        f'<div class="table">{above}<table><thead><tr>{"".join(head)}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _write_line(line: Line, write: Write, has_drawing: bool) -> str:
    cells = [f'<th scope="row">{write(line.cells[0])}</th>']
    if has_drawing:
        cells.append(f'<td class="pic">{line.drawing}</td>')
    cells += [f"<td>{write(cell)}</td>" for cell in line.cells[1:]]
    row = f"<tr>{''.join(cells)}</tr>"
    if not line.note:
        return row
    return f'{row}<tr class="note"><td colspan="{len(cells)}">{write(line.note)}</td></tr>'


def _write_footer(briefing: Briefing, links: Links) -> str:
    own, _ = links.find(OWN)
    items = "".join(_write_source(name, href) for name, href in links.list_kinds())
    number = count(len(briefing.row["sources"]), "publication")
    return (
        f"<footer><p><b>{escape(NOT_ADVICE)}</b> Every number leads to the publication it was read "
        "from. What came of picks is worked out here from recorded closes: each pick is bought at "
        "the close after it was published, without costs. This page is "
        f'<a href="{escape(own or "")}">{escape(briefing.publication_id)}</a>, made from '
        f"{number}.</p><ul>{items}</ul></footer>"
    )


def _write_source(name: str, href: str | None) -> str:
    text = escape(name)
    return f"<li>{text}</li>" if href is None else f'<li><a href="{escape(href)}">{text}</a></li>'
