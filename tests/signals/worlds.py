"""A made-up market for the tests of the signals: labelled synthetic, never shown to anyone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from assay.markets.types import BITCOIN, Panel, Token, TokenId, TokenKind
from assay.publishing import Hours, KnownFacts
from assay.signals.types import Bars

FIRST = date(2020, 9, 1)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
Matrix = NDArray[np.float64]


def create_closes(seed: int, tokens: int, bars: int, drift: float = 0.0) -> Matrix:
    """Random walks with a common market whose direction turns every 60 bars."""
    generator = np.random.default_rng(seed)
    turns = np.sign(np.sin(np.arange(bars) * np.pi / 60.0)) * drift
    market = generator.normal(0.0, 0.02, bars) + turns
    own = generator.normal(0.0, 0.03, (tokens, bars))
    return np.asarray(10.0 * np.exp(np.cumsum(market + own, axis=1)))


def create_bars(seed: int = 1, tokens: int = 6, bars: int = 400, drift: float = 0.0) -> Bars:
    """Bars of `tokens` coins, Bitcoin first; the last coin begins late and ends early, the one
    before it has gaps.
    """
    close = create_closes(seed, tokens, bars, drift)
    close[-1, : bars // 3] = np.nan
    close[-1, -bars // 6 :] = np.nan
    close[-2, bars // 2 : bars // 2 + 5] = np.nan
    generator = np.random.default_rng(seed + 1)
    spread = np.abs(generator.normal(0.0, 0.02, (2, tokens, bars)))
    ids = np.array([int(BITCOIN), *range(4000, 4000 + tokens - 1)])
    return Bars(ids, close, close * (1.0 + spread[0]), close / (1.0 + spread[1]))


def create_panel(bars: Bars, first: date = FIRST) -> Panel:
    """The panel of daily bars."""
    days = bars.close.shape[1]
    return Panel(
        token_ids=bars.token_ids,
        first_day=first,
        open=bars.close.copy(),
        high=bars.high,
        low=bars.low,
        close=bars.close,
        volume=np.where(np.isnan(bars.close), np.nan, 1e6),
        unit=np.ones_like(bars.close),
        complete_through=first + timedelta(days=days - 1),
    )


class Registry:
    """Every token of a panel, a coin unless named otherwise."""

    def __init__(self, panel: Panel, kinds: dict[int, TokenKind] | None = None) -> None:
        first_days = [
            panel.day(int((~np.isnan(panel.close[row])).argmax())) for row in range(panel.n_tokens)
        ]
        self._tokens = [
            Token(
                TokenId(int(token)),
                f"SYN{token}",
                f"Synthetic {token}",
                (kinds or {}).get(int(token), TokenKind.COIN),
                f"SYN{token}USDT",
                start,
            )
            for token, start in zip(panel.token_ids, first_days, strict=True)
        ]

    def tokens(self, as_of: date) -> list[Token]:
        return [token for token in self._tokens if token.first_day <= as_of]


def create_facts(
    panel: Panel, hours: Hours | None = None, kinds: dict[int, TokenKind] | None = None
) -> KnownFacts:
    """Facts as publishing hands them to a judge; `hours` of the whole of the panel's last day."""
    nothing = Hours(
        np.empty(0, np.int64), datetime(1970, 1, 1, tzinfo=UTC), *[np.empty((0, 0))] * 5
    )
    return KnownFacts(
        panel=panel,
        registry=Registry(panel, kinds),
        recorded_by=NOW,
        day_digests=[b""] * panel.n_days,
        fetch_hours=lambda: hours or nothing,
    )


def create_hours(seed: int, tokens: NDArray[np.int64], start: date, days: int) -> Hours:
    """Hourly bars from midnight of `start` on."""
    close = create_closes(seed, tokens.size, 24 * days, drift=0.004)
    return Hours(
        token_ids=tokens,
        first_hour=datetime(start.year, start.month, start.day, tzinfo=UTC),
        open=close.copy(),
        high=close * 1.01,
        low=close / 1.01,
        close=close,
        volume=np.full_like(close, 1e3),
    )


def cut_panel(panel: Panel, day: date) -> Panel:
    """A panel that knows nothing after `day`, and holds no token that began later."""
    known = panel.until(day)
    keep = (~np.isnan(known.close)).any(axis=1)
    fields = ("open", "high", "low", "close", "volume", "unit")
    return replace(
        known,
        token_ids=known.token_ids[keep],
        **{name: getattr(known, name)[keep].copy() for name in fields},
    )
