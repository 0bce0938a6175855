"""Text whose numbers know where they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OWN = -1
"""The source of a number that the briefing itself worked out: its own publication."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is printed and the place of its publication in the list of sources."""

    text: str
    source: int | None


@dataclass(frozen=True, slots=True)
class Name:
    """A token: its symbol stands out, its name follows."""

    symbol: str
    name: str


Part = str | Number | Name
Text = Sequence[Part]
Row = Mapping[str, Any]


def join_words(parts: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))


def join_texts(texts: Sequence[Text], comma: str = ", ", last: str = " and ") -> Text:
    """The same for texts with numbers in them."""
    joined: list[Part] = []
    for place, text in enumerate(texts):
        if place:
            joined.append(last if place == len(texts) - 1 else comma)
        joined.extend(text)
    return joined


def name_coin(coin: Row) -> Text:
    """The token of a row."""
    return [Name(coin["symbol"], coin["name"])]
