"""Small made-up markets, and whoever says what was said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay import ledger
from assay.market_state.types import INVESTOR, TRADER
from assay.markets.types import Panel, Token, TokenId, TokenKind
from assay.publishing import Hours, SaidRows, Speaker

FIRST = date(2020, 1, 1)
Matrix = NDArray[np.float64]
NAMES = ("BTC", "ETH", *(f"C{i}" for i in range(60)))


@dataclass(frozen=True)
class World:
    """Facts of a made-up market: every token is a coin unless said otherwise."""

    panel: Panel
    kinds: Mapping[int, TokenKind] = field(default_factory=dict)

    def tokens(self, day: date) -> list[Token]:
        tokens = []
        for row, token_id in enumerate(self.panel.token_ids.tolist()):
            known = np.flatnonzero(np.isfinite(self.panel.close[row]))
            if not known.size or self.panel.day(int(known[0])) > day:
                continue
            tokens.append(
                Token(
                    token_id=TokenId(token_id),
                    symbol=NAMES[row],
                    name=f"Coin {row}",
                    kind=self.kinds.get(token_id, TokenKind.COIN),
                    pair=f"{NAMES[row]}USDT",
                    first_day=self.panel.day(int(known[0])),
                )
            )
        return tokens

    def hours(self, day: date) -> Hours:
        nothing = np.empty((0, 0))
        return Hours(
            np.empty(0, np.int64),
            datetime(2020, 1, 1, tzinfo=UTC),
            *[nothing] * 5,
        )

    def until(self, day: date) -> World:
        """The same market, known up to a day."""
        return replace(self, panel=self.panel.until(day))

    def day(self, column: int) -> date:
        return self.panel.day(column)


def create_world(close: Matrix, volume: Matrix | None = None, caps: Matrix | None = None) -> World:
    """A market from closes [tokens, days]; token ids 10, 20, ...; a million of volume a day."""
    bars = np.asarray(close, dtype=np.float64)
    units = 1e6 / bars if volume is None else volume
    panel = Panel(
        token_ids=np.arange(1, bars.shape[0] + 1, dtype=np.int64) * 10,
        first_day=FIRST,
        open=bars,
        high=bars,
        low=bars,
        close=bars,
        volume=np.where(np.isnan(bars), np.nan, units),
        unit=np.ones_like(bars),
        complete_through=FIRST + timedelta(days=bars.shape[1] - 1),
        market_cap=caps,
    )
    return World(panel)


def draw_world(tokens: int, days: int, seed: int) -> World:
    """Coins with a common shock, late starts, halts, deaths and volumes that differ."""
    generator = np.random.default_rng(seed)
    common = generator.normal(0.0, 0.03, days)
    own = generator.standard_t(4, (tokens, days)) * 0.03
    close = 10.0 * np.exp(np.cumsum(common + own, axis=1))
    volume = np.exp(generator.normal(14.0, 1.0, (tokens, days))) * generator.uniform(
        0.1, 5.0, (tokens, 1)
    )
    for token in range(2, tokens):
        close[token, : generator.integers(0, days // 2)] = np.nan
        if token % 5 == 0:
            close[token, generator.integers(days // 2, days) :] = np.nan
        if token % 7 == 0:
            start = int(generator.integers(0, days - 20))
            close[token, start : start + 12] = np.nan
    return create_world(close, volume / close)


class Book:
    """What was said, by kind and day."""

    def __init__(self, grades: Mapping[date, Sequence[str | None]] | None = None) -> None:
        self._grades = grades or {}

    def rows(self, kind: str, day: date) -> list[dict[str, Any]] | None:
        assert kind in (TRADER, INVESTOR)
        grades = self._grades.get(day)
        return None if grades is None else [{"grade": grade} for grade in grades]

    def find(self, kind: str, day: date) -> SaidRows | None:
        raise NotImplementedError


def seal(speaker: Speaker, world: World, days: Sequence[date], book: Book) -> list[bytes]:
    """Canonical bytes of what is judged of each day (a float raises TypeError)."""
    judged = list(speaker.judge(days, world, book))
    assert [item.day for item in judged] == list(days)
    return [ledger.canonical_json(list(item.rows)) for item in judged]
