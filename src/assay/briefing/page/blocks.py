"""What a page is made of, before anybody decides how it looks: cards of sentences and tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from assay.briefing.page.text import Text


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: cells, a remark below the first one, a drawing behind it (HTML only)."""

    cells: Sequence[Text]
    note: Text = ()
    drawing: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table. The first column is read from the left, numbers stand to the right."""

    title: Text
    head: Sequence[str]
    lines: Sequence[Line]
    drawing: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One part of the page. `absent` stands where its kind has not spoken, or not fully."""

    name: str
    title: str
    words: Sequence[Text] = ()
    tables: Sequence[Table] = ()
    absent: str | None = None
    drawing: str = ""
