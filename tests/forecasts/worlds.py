"""A made-up market with everything that goes wrong in real ones."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from assay.markets.types import Panel, Token, TokenId, TokenKind
from assay.publishing import Hours, KnownFacts

FIRST = date(2021, 1, 1)
DAYS = 420
BITCOIN, FLAT, DEAD, YOUNG, SPLIT, HALTED, STABLE = 3375, 11, 12, 13, 14, 15, 16
OTHERS = (*range(101, 113),)
IDS = tuple(sorted((BITCOIN, FLAT, DEAD, YOUNG, SPLIT, HALTED, STABLE, *OTHERS)))
DEAD_FROM, YOUNG_FROM, SPLIT_ON, HALT = 300, 380, 350, slice(200, 220)
SPLIT_FACTOR = 1000.0


@dataclass(frozen=True)
class Registry:
    """Tokens that began on the day of their first bar."""

    kinds: dict[int, TokenKind]
    starts: dict[int, date]

    def tokens(self, as_of: date) -> list[Token]:
        return [
            Token(
                TokenId(item), f"T{item}", f"Token {item}", kind, f"T{item}USDT", self.starts[item]
            )
            for item, kind in sorted(self.kinds.items())
            if self.starts[item] <= as_of
        ]


def create_panel(seed: int = 5, days: int = DAYS) -> Panel:
    """Prices that follow Bitcoin with noise; see the constants for who misbehaves and when."""
    generator = np.random.default_rng(seed)
    market = generator.normal(0, 0.03, DAYS)
    noise = generator.normal(0, 0.04, (len(IDS), DAYS)) * np.linspace(0.4, 1.6, len(IDS))[:, None]
    returns = 1.1 * market + noise
    returns[IDS.index(BITCOIN)] = market
    returns[IDS.index(FLAT)] = returns[IDS.index(STABLE)] = 0.0
    smooth = 50.0 * np.exp(np.cumsum(returns, axis=1))
    spread = 1.0 + np.abs(generator.normal(0, 0.01, smooth.shape))
    spread[IDS.index(FLAT)] = 1.0
    unit = np.ones(smooth.shape)
    unit[IDS.index(SPLIT), SPLIT_ON:] = SPLIT_FACTOR
    gone = np.zeros(smooth.shape, np.bool_)
    gone[IDS.index(DEAD), DEAD_FROM:] = True
    gone[IDS.index(YOUNG), :YOUNG_FROM] = True
    gone[IDS.index(HALTED), HALT] = True
    close = np.where(gone, np.nan, smooth / unit)
    panel = Panel(
        token_ids=np.array(IDS, np.int64),
        first_day=FIRST,
        open=close.copy(),
        high=close * spread,
        low=close / spread,
        close=close,
        volume=np.where(gone, np.nan, 1e6),
        unit=unit,
        complete_through=FIRST + timedelta(days=DAYS - 1),
    )
    return panel.until(FIRST + timedelta(days=days - 1))


def create_facts(panel: Panel) -> KnownFacts:
    """Facts as publishing hands them to a judge."""
    has_bar = ~np.isnan(panel.close)
    starts = {
        item: panel.day(int(bars.argmax()))
        for item, bars in zip(panel.token_ids.tolist(), has_bar, strict=True)
        if bars.any()
    }
    kinds = {item: TokenKind.STABLE if item == STABLE else TokenKind.COIN for item in starts}
    return KnownFacts(
        panel=panel,
        registry=Registry(kinds, starts),
        recorded_by=datetime(2024, 1, 1, tzinfo=UTC),
        day_digests=[],
        fetch_hours=_refuse,
    )


def spoil_future(panel: Panel, after: int, seed: int = 9) -> Panel:
    """The same panel with every bar later than column `after` replaced by nonsense."""
    generator = np.random.default_rng(seed)
    changed: dict[str, Any] = {}
    for name in ("open", "high", "low", "close", "volume"):
        values = np.array(getattr(panel, name))
        values[:, after + 1 :] = generator.uniform(1e-3, 1e3, values[:, after + 1 :].shape)
        changed[name] = values
    changed["high"] = np.fmax(changed["high"], changed["close"])
    changed["low"] = np.fmin(changed["low"], changed["close"])
    return replace(panel, **changed)


def _refuse() -> Hours:
    raise AssertionError("no forecast reads hours")
