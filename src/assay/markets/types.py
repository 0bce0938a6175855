"""The words of the markets room that other rooms may use: tokens, candles on an aligned panel, the
registry.

Everything here is frozen and pure. Times are UTC. `as_of` says what was known: a bare date D means
the close of D (D+1 00:00 UTC), so the bar of day D is included; an aware datetime means that very
moment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NewType

import numpy as np
from numpy.typing import NDArray

from assay.kit.errors import BadInput, NotFound
from assay.markets.tickers import FIAT_TICKERS, STABLE_TICKERS, WRAPPED_TICKERS

TokenId = NewType("TokenId", int)
AsOf = date | datetime

FIELDS = ("open", "high", "low", "close", "volume")


BITCOIN = TokenId(3375)
"""The id under which clients of the field know it."""


class TokenKind(StrEnum):
    """What a token is; only coins are graded."""

    COIN = "coin"
    STABLE = "stable"
    FIAT = "fiat"
    WRAPPED = "wrapped"

    @classmethod
    def of_ticker(cls, symbol: str) -> TokenKind:
        """The kind of a token of which only the ticker is known, by the naming habits of the field.

        Tickers with USD in them and listed stablecoins are stable, currencies of states are fiat,
        receipts and tokenised metals are wrapped, all others coins.
        """
        if symbol in FIAT_TICKERS:
            return cls.FIAT
        if "USD" in symbol or symbol in STABLE_TICKERS:
            return cls.STABLE
        return cls.WRAPPED if symbol in WRAPPED_TICKERS else cls.COIN


class Interval(StrEnum):
    """Length of a candle."""

    DAY = "1d"
    HOUR = "1h"
    MINUTE = "1m"

    @property
    def length(self) -> timedelta:
        """How long one bar lasts; it is known that long after it opened."""
        return {"1d": timedelta(days=1), "1h": timedelta(hours=1), "1m": timedelta(minutes=1)}[
            self.value
        ]


def moment_of(as_of: AsOf) -> datetime:
    """The moment `as_of` stands for: a bare date is that day's close (24:00 UTC); a datetime must
    be aware.
    """
    if isinstance(as_of, datetime):
        if as_of.tzinfo is None:
            raise BadInput(
                f"as_of {as_of.isoformat()} has no time zone",
                hint="Write it with an offset, such as 2023-12-29T12:00:00Z.",
            )
        return as_of.astimezone(UTC)
    return datetime.combine(as_of + timedelta(days=1), time(), UTC)


def last_whole_day(as_of: AsOf) -> date:
    """The newest day whose bar has closed at `as_of`."""
    return moment_of(as_of).date() - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Token:
    """One asset as it was known at some moment.

    `last_day` and `ended` are None while nothing about an end was known; `symbol`, `name` and
    `pair` are those in use then. `ended` is "delisted", "collapsed", "renamed:NEW" or
    "migrated:NEW".
    """

    token_id: TokenId
    symbol: str
    name: str
    kind: TokenKind
    pair: str
    first_day: date
    last_day: date | None = None
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Ticker:
    """A name under which a token trades from `first_day` on, until its next one."""

    symbol: str
    pair: str
    name: str
    first_day: date


@dataclass(frozen=True, slots=True)
class Ending:
    """How and when a token stopped trading, when an outsider could know it, and the day it came
    back (None: never).
    """

    last_day: date
    how: str
    known_at: datetime
    resumed: date | None = None


@dataclass(frozen=True, slots=True)
class Redenomination:
    """From `day` on one old unit is `factor` new ones, so old price = new price * factor (1000: one
    coin became 1,000).
    """

    day: date
    factor: float
    known_at: datetime
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """Everything the registry knows about one token, whenever it became known. Judgements read
    `seen(as_of)` instead.
    """

    token_id: TokenId
    kind: TokenKind
    venue: str
    quote: str
    tickers: tuple[Ticker, ...]
    endings: tuple[Ending, ...] = ()
    redenominations: tuple[Redenomination, ...] = ()

    @property
    def first_day(self) -> date:
        """Day of the first bar."""
        return self.tickers[0].first_day

    def ticker(self, day: date) -> Ticker:
        """The name in use on `day` (the first one for days before the first bar)."""
        return next((t for t in reversed(self.tickers) if t.first_day <= day), self.tickers[0])

    def ending(self, as_of: AsOf) -> Ending | None:
        """The end that was known and still held at `as_of`."""
        moment, day = moment_of(as_of), last_whole_day(as_of)
        known = [
            end
            for end in self.endings
            if end.known_at <= moment and not (end.resumed and end.resumed <= day)
        ]
        return known[-1] if known else None

    def seen(self, as_of: AsOf | None = None) -> Token:
        """This token as known at `as_of`; None: with everything known today."""
        day = date.max - timedelta(days=2) if as_of is None else last_whole_day(as_of)
        ticker, ending = self.ticker(day), self.ending(day if as_of is None else as_of)
        return Token(
            token_id=self.token_id,
            symbol=ticker.symbol,
            name=ticker.name,
            kind=self.kind,
            pair=ticker.pair,
            first_day=self.first_day,
            last_day=ending.last_day if ending else None,
            ended=ending.how if ending else None,
        )


@dataclass(frozen=True)
class Registry:
    """Every token there ever was. Symbols are looked up at a moment, ids always work.

    `records` are in ascending order of id.
    """

    records: tuple[TokenRecord, ...]

    @cached_property
    def _by_id(self) -> dict[TokenId, TokenRecord]:
        return {record.token_id: record for record in self.records}

    @cached_property
    def _by_symbol(self) -> dict[str, list[TokenRecord]]:
        holders: dict[str, list[TokenRecord]] = {}
        for record in self.records:
            for symbol in dict.fromkeys(t.symbol for t in record.tickers):
                holders.setdefault(symbol, []).append(record)
        return holders

    def record(self, token_id: int) -> TokenRecord:
        """The whole record of one token; `NotFound` when there is none."""
        found = self._by_id.get(TokenId(token_id))
        if found is None:
            raise NotFound(
                f"No token has the id {token_id}.", hint="List the tokens to see the ids in use."
            )
        return found

    def by_id(self, token_id: int, as_of: AsOf | None = None) -> Token:
        """The token with this id as known at `as_of`; `NotFound` when there is none."""
        return self.record(token_id).seen(as_of)

    def holder(self, symbol: str, day: date) -> TokenRecord | None:
        """Who bears `symbol` on `day`; the newest bearer before it when nobody does."""
        bearers = self._by_symbol.get(symbol, ())
        begun = [
            (t.first_day, r.token_id, r)
            for r in bearers
            for t in r.tickers
            if t.symbol == symbol and t.first_day <= day
        ]
        if not begun:
            return None
        current = [item for item in begun if item[2].ticker(day).symbol == symbol]
        return max(current or begun, key=lambda item: item[:2])[2]

    def resolve(self, symbol: str, as_of: AsOf | None = None) -> Token:
        """The token that bears `symbol` (any case, a bare ticker) at `as_of`; LUNA on 2022-05-01 is
        today's LUNC.

        Raises `NotFound` for a symbol nobody bore by then, and says what its bearer was called when
        it got the name later.
        """
        wanted = symbol.strip().upper()
        day = date.max - timedelta(days=2) if as_of is None else last_whole_day(as_of)
        record = self.holder(wanted, day)
        if record is not None:
            return record.seen(as_of)
        later = self._by_symbol.get(wanted)
        if not later:
            raise NotFound(
                f"No token has the symbol {symbol[:40]!r}.",
                hint="Check the spelling (`assay tokens` lists all); tokens are named by ticker,"
                " such as BTC.",
            )
        first = later[0]
        if first.first_day <= day:
            name = first.ticker(day).symbol
            raise NotFound(
                f"Nothing was called {wanted} on {day}.",
                hint=f"Ask for {name} (id {first.token_id}), its name then.",
            )
        raise NotFound(
            f"{wanted} did not trade by {day}.",
            hint=f"Its first bar is of {first.first_day}; ask for that day or later.",
        )

    def tokens(self, as_of: AsOf | None = None) -> list[Token]:
        """All tokens that had begun to trade by `as_of`, ascending by id, as known then; the dead
        are among them.
        """
        if as_of is None:
            return [record.seen() for record in self.records]
        day = last_whole_day(as_of)
        unchanging = self._unchanging
        return [
            unchanging.get(record.token_id) or record.seen(as_of)
            for record in self.records
            if record.first_day <= day
        ]

    @cached_property
    def _unchanging(self) -> dict[TokenId, Token]:
        """Tokens of one name and no end: they look the same whenever they are asked for."""
        return {
            record.token_id: record.seen()
            for record in self.records
            if len(record.tickers) == 1 and not record.endings
        }


@dataclass(frozen=True)
class Panel:
    """Aligned token x day arrays, float64 [tokens, days]; NaN = no bar. Rows may be read-only
    memory maps.

    Column j is the calendar day `first_day + j`, without gaps. Prices are as quoted, `volume` is in
    base units, `market_cap` in USD. `unit` is the cumulative redenomination factor: close*unit and
    volume/unit run smoothly through redenominations, and the past never changes when one happens
    later (the factor of a token is 1 until its first redenomination). `complete_through` is the
    newest gradable day.
    """

    token_ids: NDArray[np.int64]
    first_day: date
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    unit: NDArray[np.float64]
    complete_through: date
    market_cap: NDArray[np.float64] | None = None

    @property
    def n_tokens(self) -> int:
        """Number of rows."""
        return int(self.close.shape[0])

    @property
    def n_days(self) -> int:
        """Number of columns."""
        return int(self.close.shape[1])

    @property
    def last_day(self) -> date:
        """Day of the last column."""
        return self.first_day + timedelta(days=self.n_days - 1)

    def column(self, day: date) -> int:
        """Where `day` stands; `NotFound` outside the axis."""
        column = (day - self.first_day).days
        if not 0 <= column < self.n_days:
            raise NotFound(
                f"no candles for {day.isoformat()}",
                hint=f"Ask for a day from {self.first_day} to {self.last_day}.",
            )
        return column

    def day(self, column: int) -> date:
        """The day of a column; negative columns count from the end."""
        return self.first_day + timedelta(days=column if column >= 0 else self.n_days + column)

    def row(self, token_id: int) -> int:
        """Where a token stands; `NotFound` when it has no row."""
        row = int(np.searchsorted(self.token_ids, token_id))
        if row == self.token_ids.size or int(self.token_ids[row]) != token_id:
            raise NotFound(
                f"token {token_id} has no daily candles",
                hint="List the tokens to see which have candles.",
            )
        return row

    def until(self, day: date) -> Panel:
        """The prefix up to and including `day`, as views (rows are strided, not contiguous)."""
        width = self.column(day) + 1
        return replace(
            self,
            open=self.open[:, :width],
            high=self.high[:, :width],
            low=self.low[:, :width],
            close=self.close[:, :width],
            volume=self.volume[:, :width],
            unit=self.unit[:, :width],
            market_cap=None if self.market_cap is None else self.market_cap[:, :width],
            complete_through=min(self.complete_through, day),
        )
