"""What a measurement is handed: which coins count as dead."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from tests.grades.worlds import FIRST, create_panel

from assay.grades.measuring import SILENT_DAYS, Window, list_deaths
from assay.markets.types import Ending, Registry, Ticker, TokenId, TokenKind, TokenRecord

DAYS = 100
LAST = FIRST + timedelta(days=DAYS - 1)


def record(token_id: int, *endings: Ending, kind: TokenKind = TokenKind.COIN) -> TokenRecord:
    name = f"SYN{token_id}"
    return TokenRecord(
        TokenId(token_id), kind, "binance", "USDT", (Ticker(name, name, name, FIRST),), endings
    )


def ending(day: date, how: str) -> Ending:
    return Ending(day, how, datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC))


def test_deaths_are_those_of_the_registry_and_coins_that_fell_silent() -> None:
    panel = create_panel(tokens=7, days=DAYS)
    close = panel.close.copy()
    silent = LAST - timedelta(days=SILENT_DAYS)
    stops = {0: silent, 1: silent + timedelta(days=1), 2: silent, 3: silent, 4: silent, 5: silent}
    for row, day in stops.items():
        close[row, panel.column(day) + 1 :] = np.nan
    registry = Registry(
        (
            record(100),
            record(101),
            record(102, ending(silent, "renamed:NEW")),
            record(103, ending(silent, "delisted")),
            record(104, kind=TokenKind.STABLE),
            record(105),
            record(106, ending(FIRST + timedelta(days=40), "migrated:NEW")),
            record(999, ending(silent, "collapsed")),
        )
    )
    panel = replace(panel, close=close)
    deaths = list_deaths(registry, panel, Window(FIRST, LAST))
    assert [(death.row, death.last_day) for death in deaths] == [
        (0, silent), (3, silent), (5, silent)
    ]  # fmt: skip
    assert list_deaths(registry, panel, Window(FIRST, silent)) == []
