"""A made-up market in memory (labelled synthetic), and what other rooms said of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.indices.judging import Watcher, advance, create_watcher
from assay.indices.parse import parse_rule_book
from assay.indices.types import RuleBook
from assay.markets.types import Panel, Token, TokenId, TokenKind
from assay.publishing import FIRST_DAY, Hours

FIRST = FIRST_DAY - timedelta(days=100)
DAYS = 220
TOKENS = 24
Json = dict[str, Any]

PLAIN = """
slug = "toy"
name = "Toy"
every_days = 10
[basket]
count = 8
[weights]
scheme = "size"
cap = 0.3
"""


def create_panel(seed: int = 1, tokens: int = TOKENS, days: int = DAYS) -> Panel:
    """Random walks with a common market; every token trades a million dollars a day or more."""
    generator = np.random.default_rng(seed)
    market = generator.normal(0.0, 0.03, days)
    own = generator.standard_t(5, (tokens, days)) * 0.03
    close = 10.0 * np.exp(np.cumsum(market + own, axis=1))
    turnover = np.exp(generator.normal(16.0, 1.0, (tokens, 1)) + generator.normal(0, 0.5, days))
    return Panel(
        token_ids=np.arange(100, 100 + tokens),
        first_day=FIRST,
        open=close,
        high=close * 1.01,
        low=close * 0.99,
        close=close,
        volume=turnover / close,
        unit=np.ones_like(close),
        complete_through=FIRST + timedelta(days=days - 1),
    )


def kill(panel: Panel, row: int, last_day: date) -> Panel:
    """The panel with one token silent after `last_day`."""

    def cut(values: NDArray[np.float64]) -> NDArray[np.float64]:
        known = np.array(values)
        known[row, panel.column(last_day) + 1 :] = np.nan
        return known

    return replace(
        panel,
        open=cut(panel.open),
        high=cut(panel.high),
        low=cut(panel.low),
        close=cut(panel.close),
        volume=cut(panel.volume),
    )


@dataclass
class ToyFacts:
    """Facts of a synthetic panel; `ends` (token id -> day) are announced on that very day."""

    panel: Panel
    ends: dict[int, date]

    def tokens(self, day: date) -> list[Token]:
        return [
            Token(
                TokenId(int(key)),
                f"SYN{key}",
                f"Synthetic {key}",
                TokenKind.COIN,
                f"SYN{key}USDT",
                self.panel.first_day,
                last_day=end if (end := self.ends.get(int(key))) and end <= day else None,
            )
            for key in self.panel.token_ids
        ]

    def hours(self, day: date) -> Hours:
        raise NotImplementedError


class ToySaid:
    """What was said, in a dictionary; every look is remembered."""

    def __init__(self) -> None:
        self.book: dict[tuple[str, date], list[Json]] = {}
        self.looks: list[tuple[str, date]] = []

    def find(self, kind: str, day: date) -> None:
        raise NotImplementedError

    def rows(self, kind: str, day: date) -> list[Json] | None:
        self.looks.append((kind, day))
        return self.book.get((kind, day))

    def grade(self, panel: Panel, seed: int = 5) -> "ToySaid":
        """Random grades of both kinds for every day."""
        generator = np.random.default_rng(seed)
        for column in range(panel.n_days):
            for kind in ("grades.trader", "grades.investor"):
                self.book[kind, panel.day(column)] = [
                    {"token_id": int(key), "grade": f"{generator.uniform(0, 100):.2f}"}
                    for key in panel.token_ids
                ]
        return self


def read_book(text: str) -> RuleBook:
    return parse_rule_book(text, {}, FIRST_DAY)


def watch(panel: Panel, ends: dict[int, date] | None = None) -> Watcher:
    return create_watcher(ToyFacts(panel, ends or {}))


def follow(book: RuleBook, watcher: Watcher, days: int, said: ToySaid | None = None) -> list[Json]:
    """Rows of the first `days` days from the start of the book."""
    rows: list[Json] = []
    spoken = said or ToySaid()

    def past(back: int) -> Json | None:
        return rows[-back] if back <= len(rows) else None

    for n in range(days):
        view = watcher.see(book.start + timedelta(days=n), spoken.rows)
        rows.append(advance(book, view, past))
    return rows


def list_levels(rows: Sequence[Json]) -> NDArray[np.float64]:
    return np.array([float(row["level"]) for row in rows])
