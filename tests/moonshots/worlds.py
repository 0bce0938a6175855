"""Small made-up markets of more than 100 coins; labelled synthetic, never shown to anyone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from assay import ledger
from assay.markets.types import Panel, Token, TokenId, TokenKind
from assay.publishing import FIRST_DAY, Hours, SaidRows, Speaker

Matrix = NDArray[np.float64]
FIRST = FIRST_DAY - timedelta(days=216)
TOKENS, DAYS = 160, 520


@dataclass(frozen=True)
class World:
    """Facts of a made-up market: every token is a coin unless said otherwise. `ended` maps a token
    to the day from which on its end was known.
    """

    panel: Panel
    kinds: Mapping[int, TokenKind] = field(default_factory=dict)
    ended: Mapping[int, date] = field(default_factory=dict)

    def tokens(self, day: date) -> list[Token]:
        tokens = []
        for row, token_id in enumerate(self.panel.token_ids.tolist()):
            known = np.flatnonzero(np.isfinite(self.panel.close[row]))
            if not known.size or self.panel.day(int(known[0])) > day:
                continue
            has_ended = token_id in self.ended and self.ended[token_id] <= day
            tokens.append(
                Token(
                    token_id=TokenId(token_id),
                    symbol=f"C{token_id}",
                    name=f"Coin {token_id}",
                    kind=self.kinds.get(token_id, TokenKind.COIN),
                    pair=f"C{token_id}USDT",
                    first_day=self.panel.day(int(known[0])),
                    ended="delisted" if has_ended else None,
                )
            )
        return tokens

    def hours(self, day: date) -> Hours:
        nothing = np.empty((0, 0))
        return Hours(np.empty(0, np.int64), datetime(2020, 1, 1, tzinfo=UTC), *[nothing] * 5)

    def until(self, day: date) -> World:
        """The same market, known up to a day."""
        return replace(self, panel=self.panel.until(day))


def create_world(close: Matrix, volume: Matrix | None = None, caps: Matrix | None = None) -> World:
    """A market from closes [tokens, days]; token ids 10, 20, ...; dollar volumes fall by row."""
    bars = np.asarray(close, dtype=np.float64)
    ranked = 1e8 / np.arange(1.0, bars.shape[0] + 1.0)[:, None]
    units = ranked / bars if volume is None else volume
    return World(
        Panel(
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
    )


def draw_world(seed: int = 7, tokens: int = TOKENS, days: int = DAYS) -> World:
    """Coins with a common shock, late starts, halts and deaths; coins listed late collapse, wild or
    not.
    """
    generator = np.random.default_rng(seed)
    wild = generator.uniform(0.02, 0.06, (tokens, 1))
    start = np.where(np.arange(tokens) % 3 == 0, generator.integers(0, days * 3 // 4, tokens), 0)
    is_young = np.arange(days)[None, :] - start[:, None] < 150
    drift = np.where(is_young & (start > 0)[:, None], -0.02, 0.002)
    common = generator.normal(0.0, 0.02, days)
    changes = common + drift + generator.standard_t(5, (tokens, days)) * wild
    close = 10.0 ** generator.uniform(-3, 2, (tokens, 1)) * np.exp(np.cumsum(changes, axis=1))
    volume = np.exp(generator.normal(14.0, 1.0, (tokens, 1)) + generator.normal(0, 0.5, days))
    for token in range(2, tokens):
        close[token, : start[token]] = np.nan
        if token % 11 == 0:
            close[token, generator.integers(days // 2, days) :] = np.nan
        if token % 7 == 0:
            halt = int(generator.integers(0, days - 20))
            close[token, halt : halt + 12] = np.nan
    return create_world(close, volume / close)


class Book:
    """What was said, by kind and day."""

    def __init__(self, said: Mapping[tuple[str, date], bytes] | None = None) -> None:
        self._said = said or {}

    def rows(self, kind: str, day: date) -> list[dict[str, Any]] | None:
        payload = self._said.get((kind, day))
        return None if payload is None else list(orjson.loads(payload))

    def find(self, kind: str, day: date) -> SaidRows | None:
        raise NotImplementedError


def seal(
    speaker: Speaker, world: World, days: Sequence[date], book: Book | None = None
) -> list[bytes]:
    """Canonical bytes of what is judged of each day (a float raises TypeError)."""
    judged = list(speaker.judge(days, world, book or Book()))
    assert [item.day for item in judged] == list(days)
    return [ledger.canonical_json(list(item.rows)) for item in judged]
