"""A small made-up market and what was said of it, for tests of the briefing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay import ledger
from assay.briefing import SPEAKERS, Briefing, Source
from assay.markets.types import Panel, Token, TokenId, TokenKind
from assay.publishing import Hours, SaidBook
from assay.publishing.types import Facts

Row = dict[str, Any]

BRIEFING = SPEAKERS[0]
DAY = date(2021, 7, 20)
EVE = DAY - timedelta(days=1)
FIRST = date(2021, 4, 1)
COINS = {
    1: ("ALPHA", "Alpha"),
    2: ("BETA", "Beta"),
    3: ("GAMMA", "Gamma"),
    3375: ("BTC", "Bitcoin"),
}


@dataclass
class MadeFacts:
    """A panel of the coins; closes by token, one for each day from `FIRST`."""

    closes: Mapping[int, Sequence[float]]

    @property
    def panel(self) -> Panel:
        ids = sorted(self.closes)
        close: NDArray[np.float64] = np.array([self.closes[token] for token in ids], np.float64)
        last = FIRST + timedelta(days=close.shape[1] - 1)
        return Panel(
            np.array(ids), FIRST, close, close, close, close, close, np.ones_like(close), last
        )

    def tokens(self, day: date) -> list[Token]:
        return [
            Token(TokenId(token), *COINS[token], TokenKind.COIN, f"{COINS[token][0]}USDT", FIRST)
            for token in sorted(self.closes)
        ]

    def hours(self, day: date) -> Hours:
        raise AssertionError("the briefing reads no hours")

    def digest(self, day: date) -> str:
        return day.isoformat()

    def digest_hour(self, day: date, hour: int) -> str:
        raise AssertionError("the briefing is daily")


@dataclass
class Archive:
    """What was said, by kind and day."""

    rows: dict[tuple[str, date], list[Row]] = field(default_factory=dict)

    def load(self, kind: str, day: date) -> bytes | None:
        found = self.rows.get((kind, day))
        return None if found is None else ledger.canonical_json(found)

    def find(self, source: Source) -> list[Row]:
        """The rows that a source names, by their digest."""
        payload = self.load(source.kind, source.as_of)
        assert payload is not None
        assert hashlib.sha256(payload).hexdigest() == source.rows_digest
        return self.rows[(source.kind, source.as_of)]

    def resolve(self, source: Source) -> str | None:
        return f"{source.kind}-{source.as_of}-{source.rows_digest[:12]}"


def write_briefing(archive: Archive, facts: Facts, days: Sequence[date] = (DAY,)) -> Row:
    """Judge the days in order, keep what is said in the archive, give the last row."""
    book = SaidBook(archive.load, (BRIEFING.kind.name, *BRIEFING.reads))
    for item in BRIEFING.judge(days, facts, book):
        archive.rows[(BRIEFING.kind.name, item.day)] = [dict(row) for row in item.rows]
        book.add(BRIEFING.kind.name, item.day, ledger.canonical_json(list(item.rows)))
    return archive.rows[(BRIEFING.kind.name, days[-1])][0]


def stand(row: Row, origin: str = "backfilled") -> Briefing:
    """The row as it would be loaded."""
    day = date.fromisoformat(row["as_of"])
    return Briefing(
        day, f"briefing-{day}-0123456789ab", origin, datetime(2024, 1, 1, tzinfo=UTC), row
    )


def grade(token: int, value: str, rank: int, **more: Any) -> Row:
    symbol, name = COINS[token]
    subs = {"momentum": "50.00", "quant": "50.00", "volatility": "50.00"}
    row = {
        "token_id": token, "symbol": symbol, "name": name, "grade": value, "label": "Hold",
        "change": None, "rank": rank, "sub_grades": subs, "raw_score": value, "capped": False,
        "probability": "0.5500", "interval": {"low": "-0.1000", "high": "0.1200"},
        "volume_usd": "5000000", "no_view": None,
    }  # fmt: skip
    return row | more


def silent(token: int, code: str, reason: str) -> Row:
    empty = dict.fromkeys(("grade", "label", "sub_grades", "probability", "interval", "rank"))
    return grade(token, "0.00", 0) | empty | {"no_view": {"code": code, "reason": reason}}


def signal(token: int, value: int | None, **more: Any) -> Row:
    symbol, name = COINS[token]
    row = {
        "token_id": token, "symbol": symbol, "name": name, "signal": value, "confidence": "0.4100",
        "close": "12.5", "stop": None, "target": None, "reason": "Because.", "no_view": None,
    }  # fmt: skip
    return row | more


def market(**more: Any) -> Row:
    row = {
        "no_view": None,
        "btc": {"token_id": 3375, "price_usd": "30000.5", "change": "-0.0310"},
        "eth": {"token_id": 3306, "price_usd": "1800.25", "change": "0.0120"},
        "market_cap": {"total_usd": None},
        "volume": {"total_usd": "9312345678", "change": "0.1523"},
        "breadth": {"coins": 331, "above_mean_50": "0.1200", "above_mean_50_change": "-0.0300",
                    "highs_90": 2, "lows_90": 41},
        "indicator": {"signal": -1, "last_signal": -1, "since": "2021-05-19"},
        "volatility": {"days_30": "0.9100", "percentile": "88.00", "regime": "wild",
                       "since": "2021-07-20"},
        "fear_and_greed": {"value": 19, "change": -4, "label": "Extreme Fear"},
        "correlation": {"mean": "0.6800", "change": "0.0200"},
    }  # fmt: skip
    return row | more


def forecast(token: int, price: str) -> Row:
    symbol, name = COINS[token]
    horizon = {
        "days": 7, "through": "2021-07-27",
        "returns": ["-0.1500", "-0.1000", "0.0000", "0.1000", "0.1800"],
        "prices": ["25500.4", "27000.5", "30000.5", "33000.6", "35400.6"],
    }  # fmt: skip
    return {
        "token_id": token, "symbol": symbol, "name": name, "price": price,
        "quantiles": ["0.05", "0.10", "0.50", "0.90", "0.95"], "horizons": [horizon],
        "no_view": None,
    }  # fmt: skip


def moonshot(token: int, chance: str, skill: bool = True) -> Row:
    symbol, name = COINS[token]
    fall = {"probability": chance, "base_rate": "0.0090", "past_events": 112, "skill": skill}
    return {
        "token_id": token, "symbol": symbol, "name": name, "volume_usd": "2000000",
        "fall_80": fall, "no_view": None,
    }  # fmt: skip


def trade(token: int, action: str, before: str, after: str) -> Row:
    symbol, name = COINS[token]
    return {
        "token_id": token, "symbol": symbol, "name": name, "action": action,
        "weight_from": before, "weight_to": after,
    }  # fmt: skip


def index(index_id: int, name: str, **more: Any) -> Row:
    row = {
        "index_id": index_id, "slug": name.lower(), "name": name, "level": "1234.567890",
        "return_1d": "-0.012300", "return_30d": "0.045600", "return_all": "0.234568",
        "drawdown": "-0.123400", "cash_share": "0.100000", "coins": 10,
        "regime": {"state": "invested"}, "transactions": [], "orders": None, "rebalanced": False,
        "no_view": None,
    }  # fmt: skip
    return row | more


def said_on_the_day() -> Archive:
    """Two days on which every kind has spoken; the worked example is about `DAY`."""
    fell = {"momentum": "12.00", "quant": "47.00", "volatility": "31.00"}
    collapsed = silent(3, "delisting_evident", "It lost more than 80 % within a week.")
    return Archive(
        {
            ("grades.trader", EVE): [
                grade(1, "71.50", 1, label="Buy"), grade(3, "40.25", 2), grade(2, "33.00", 3),
            ],
            ("grades.trader", DAY): [
                grade(2, "45.10", 1), grade(1, "44.25", 2, sub_grades=fell), collapsed,
            ],
            ("grades.investor", EVE): [grade(1, "60.00", 1), grade(2, "50.00", 2)],
            ("grades.investor", DAY): [grade(1, "61.00", 1), grade(2, "50.00", 2)],
            ("signals.daily", EVE): [signal(1, 1), signal(2, 0), signal(3, 1), signal(3375, 0)],
            ("signals.daily", DAY): [
                signal(1, -1, stop="14.1", target="9.75"), signal(2, 1), signal(3, 0),
                signal(3375, 0),
            ],
            ("indices", EVE): [index(1, "Top"), index(2, "Trader")],
            ("indices", DAY): [
                index(1, "Top"),
                index(
                    2, "Trader", rebalanced=True, regime={"state": "cash"},
                    transactions=[
                        trade(1, "sell", "0.5000", "0.0000"), trade(2, "sell", "0.3000", "0.1000"),
                    ],
                ),
            ],
            ("moonshots", DAY): [moonshot(2, "0.0123"), moonshot(1, "0.0456")],
            ("market_state", EVE): [market(volatility={
                "days_30": "0.6000", "percentile": "50.00", "regime": "middle",
                "since": "2021-06-01",
            })],
            ("market_state", DAY): [market()],
            ("forecasts.quantiles", DAY): [forecast(3375, "30000.5")],
        }
    )  # fmt: skip


def flat_facts(days: int = 111) -> MadeFacts:
    """Prices that do not move, up to `DAY`."""
    return MadeFacts({token: [10.0] * days for token in COINS})
