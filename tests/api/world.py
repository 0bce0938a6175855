"""A small market for the API's tests: registry, panel, candles and published grades, all made up.

The fakes fit the ports that the rooms' front doors fit; publications go into a real ledger.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import current_thread
from typing import Any

import numpy as np
import orjson
import polars as pl
from pydantic import SecretStr
from tests.api.spoken import SAID_AT, make_draft, speak

from assay import ledger
from assay.api import Application, create_app
from assay.api.faces import Face
from assay.grades import GradeKind
from assay.kit.clock import Clock, FixedClock
from assay.kit.database import Database
from assay.kit.errors import NotFound
from assay.kit.home import Home
from assay.kit.moments import close_of
from assay.kit.settings import Settings
from assay.ledger import Draft, Kind, Publication, canonical_json
from assay.markets import Order
from assay.markets.types import (
    AsOf,
    Ending,
    Interval,
    Panel,
    Registry,
    Ticker,
    TokenId,
    TokenKind,
    TokenRecord,
    last_whole_day,
)

FIRST = date(2021, 4, 5)
NEWEST = date(2023, 12, 29)
NOW = datetime(2023, 12, 30, 12, tzinfo=UTC)
OPTIONAL = ("market_cap_usd", "quote_volume")
QUARANTINE = [
    {
        "venue": "binance",
        "interval": interval,
        "symbol": "BTCUSDT",
        "time": "2023-01-02T00:00:00Z",
        "reason": "not positive",
        "content": '{"close": -1}',
        "import_id": "imported-1",
    }
    for interval in ("1d", "1h")
]
LABELS = ((80, "Strong Buy"), (60, "Buy"), (40, "Hold"), (20, "Sell"), (0, "Strong Sell"))


def make_registry(extra: int = 20) -> Registry:
    """Named coins, a stable one, a reused ticker, and `extra` made-up coins."""

    def coin(
        token_id: int, symbol: str, name: str, kind: TokenKind = TokenKind.COIN, first: date = FIRST
    ) -> TokenRecord:
        ticker = Ticker(symbol, symbol + "USDT", name, first)
        return TokenRecord(TokenId(token_id), kind, "binance", "USDT", (ticker,))

    renamed = date(2022, 5, 31)
    lunc = TokenRecord(
        TokenId(5001),
        TokenKind.COIN,
        "binance",
        "USDT",
        (
            Ticker("LUNA", "LUNAUSDT", "Terra", FIRST),
            Ticker("LUNC", "LUNCUSDT", "Terra Classic", renamed),
        ),
    )
    dead = TokenRecord(
        TokenId(5003),
        TokenKind.COIN,
        "binance",
        "USDT",
        (Ticker("GONE", "GONEUSDT", "Gone Coin", FIRST),),
        (Ending(date(2022, 11, 14), "collapsed", datetime(2022, 11, 15, tzinfo=UTC), None),),
    )
    records = [
        coin(3375, "BTC", "Bitcoin"),
        coin(3306, "ETH", "Ethereum"),
        coin(3377, "LTC", "Litecoin"),
        coin(3408, "USDC", "USD Coin", TokenKind.STABLE),
        lunc,
        coin(5002, "LUNA", "Terra 2.0", first=renamed),
        dead,
        *(coin(6000 + i, f"COIN{i}", f"Made-up Coin {i}") for i in range(extra)),
    ]
    return Registry(tuple(sorted(records, key=lambda record: record.token_id)))


def make_panel(registry: Registry) -> Panel:
    """Random walks from `FIRST` to the day after `NEWEST`, which is not complete."""
    days = (NEWEST - FIRST).days + 2
    rng = np.random.default_rng(7)
    steps = rng.normal(0.0, 0.03, (len(registry.records), days))
    close = np.exp(np.cumsum(steps, axis=1)) * 10.0
    for row, record in enumerate(registry.records):
        close[row, : (record.first_day - FIRST).days] = np.nan
        for ending in record.endings:
            close[row, (ending.last_day - FIRST).days + 1 :] = np.nan
    low = close * 0.99
    low[0, 5] = np.nan
    return Panel(
        token_ids=np.array([record.token_id for record in registry.records], dtype=np.int64),
        first_day=FIRST,
        open=close * 1.001,
        high=close * 1.02,
        low=low,
        close=close,
        volume=np.full_like(close, 1e13),
        unit=np.ones_like(close),
        complete_through=NEWEST,
    )


@dataclass
class FakeMarkets:
    """Facts from memory; `generation` None is a home before its first load."""

    registry: Registry = field(default_factory=make_registry)
    generation: str | None = "1"
    corrected: tuple[int, date, float] | None = None
    """Token, day and close of a correction that is known only today."""
    quarantine: list[dict[str, str]] = field(default_factory=lambda: list(QUARANTINE))

    def load_facts_version(self, home: Home) -> str | None:
        return self.generation

    def load_registry(self, home: Home) -> Registry:
        return self.registry

    def load_panel(self, home: Home, as_of: AsOf | None = None) -> Panel:
        panel = make_panel(self.registry)
        if self.corrected is not None and as_of is None:
            token, day, close = self.corrected
            panel.close[panel.row(token), panel.column(day)] = close
        return panel if as_of is None else panel.until(min(last_whole_day(as_of), panel.last_day))

    def stream_candles(
        self,
        home: Home,
        interval: Interval,
        token_ids: Sequence[int] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        as_of: AsOf | None = None,
        order: Order = Order.STORED,
    ) -> Iterator[Any]:
        """Two days of candles of the first three tokens, or of those named."""
        opened = datetime(2023, 12, 28, tzinfo=UTC)
        count = int(timedelta(days=2) / interval.length)
        ids = [3306, 3375, 3377] if token_ids is None else sorted(token_ids)
        price = [1.0 + i / 100 for i in range(count)]
        frame = pl.DataFrame(
            {
                "token_id": [token_id for token_id in ids for _ in range(count)],
                "time": [opened + i * interval.length for i in range(count)] * len(ids),
                **{name: price * len(ids) for name in ("open", "high", "low", "close")},
            },
            schema_overrides={"time": pl.Datetime("us", "UTC")},
        )
        empty = [pl.lit(None, pl.Float64).alias(n) for n in ("volume", *OPTIONAL)]
        frame = frame.with_columns(empty)
        if start is not None:
            frame = frame.filter(pl.col("time") >= start)
        if end is not None:
            frame = frame.filter(pl.col("time") < end)
        if order is not Order.STORED:
            down = [order is Order.NEWEST, False]
            frame = frame.sort("time", "token_id", descending=down)
        yield from frame.to_arrow().to_batches(1_000)

    def list_stored_days(self, home: Home, interval: Interval) -> tuple[date, date] | None:
        return date(2023, 12, 28), date(2023, 12, 29)

    def list_quarantine(self, home: Home) -> pl.DataFrame:
        return pl.DataFrame(self.quarantine)


@dataclass(frozen=True)
class FakePoint:
    """One day of a history."""

    as_of: date
    grade: str | None
    label: str | None
    no_view_code: str | None
    origin: str
    publication_id: str


@dataclass(frozen=True)
class FakeExplanation:
    """What a real explanation has, in short."""

    token_id: int
    as_of: date
    grade: str
    contributions: list[dict[str, str]]
    thread: str


@dataclass
class FakeGrades:
    """Reads what `publish` wrote; counts the explanations computed."""

    explained: int = 0

    def load_grade_history(
        self,
        database: Database,
        kind: GradeKind,
        token_id: int,
        start: date | None,
        end: date | None,
        said_by: datetime | None,
    ) -> Sequence[FakePoint]:
        with database.read() as connection:
            standing = ledger.list_standing(connection, f"grades.{kind}", start, end, said_by)
            said = [ledger.load_publication(connection, s.publication_id) for s in standing]
        points = []
        for publication in said:
            for row in orjson.loads(publication.rows):
                if row["token_id"] == token_id:
                    points.append(make_point(publication, row))
        return points

    def explain_grade(
        self, home: Home, database: Database, kind: GradeKind, token_id: int, as_of: date
    ) -> FakeExplanation:
        self.explained += 1
        with database.read() as connection:
            publication = ledger.load_latest(connection, f"grades.{kind}", as_of)
        rows = orjson.loads(publication.rows) if publication else []
        row = next((row for row in rows if row["token_id"] == token_id), None)
        if row is None or row["grade"] is None:
            raise NotFound(f"Token {token_id} was not graded on {as_of}.", hint="Ask for another.")
        parts = [{"factor": "momentum_30", "points": "3.10"}]
        return FakeExplanation(token_id, as_of, row["grade"], parts, current_thread().name)


def make_point(publication: Publication, row: Mapping[str, Any]) -> FakePoint:
    no_view = row["no_view"]
    return FakePoint(
        publication.as_of,
        row["grade"],
        row["label"],
        no_view["code"] if no_view else None,
        publication.origin.value,
        publication.publication_id,
    )


def make_rows(registry: Registry, day: date, seed: int = 1) -> list[dict[str, Any]]:
    """A cross-section: best first, every ninth token and then some without a view, last."""
    rng = np.random.default_rng([seed, day.toordinal()])
    coins = [
        token
        for token in registry.tokens(day)
        if token.kind is TokenKind.COIN and (token.last_day is None or token.last_day >= day)
    ]
    scores = {token.token_id: int(rng.integers(0, 10_001)) for token in coins}
    ordered = sorted(coins, key=lambda token: (-scores[token.token_id], token.token_id))
    viewed: list[dict[str, Any]] = []
    blind: list[dict[str, Any]] = []
    for token in ordered:
        row: dict[str, Any] = {
            "token_id": int(token.token_id),
            "symbol": token.symbol,
            "name": token.name,
            "volume_usd": str(100_000 + 37 * scores[token.token_id]),
            "capped": False,
        }
        members = ("grade", "label", "change", "rank", "sub_grades", "raw_score", "probability")
        if token.token_id % 9 == 4:
            reason = {"code": "short_history", "reason": "Fewer than 30 days of history."}
            blind.append(row | dict.fromkeys(members) | {"interval": None, "no_view": reason})
            continue
        score = scores[token.token_id]
        grade = f"{score // 100}.{score % 100:02d}"
        families = ("technical", "quant", "momentum", "volatility", "liquidity")
        viewed.append(
            row
            | {
                "grade": grade,
                "label": next(label for least, label in LABELS if score >= least * 100),
                "change": f"{int(rng.integers(-999, 999)) / 100:.2f}",
                "rank": len(viewed) + 1,
                "sub_grades": {f: f"{int(rng.integers(0, 9999)) / 100:.2f}" for f in families}
                | {"valuation": None},
                "raw_score": grade,
                "probability": f"0.{400 + score // 50}",
                "interval": {"low": "-0.1234", "high": "0.2345"},
                "no_view": None,
            }
        )
    return viewed + blind


def publish(
    database: Database,
    kind: GradeKind,
    day: date,
    rows: list[dict[str, Any]],
    at: datetime,
    corrects: str | None = None,
) -> Publication:
    """Say `rows` for `day` at the moment `at`."""
    kind_of = Kind(f"grades.{kind}", timedelta(hours=24), timedelta(days=1))
    draft = Draft(
        kind_of, day, canonical_json(rows), "ab" * 32, close_of(day), "m", "c", corrects=corrects
    )
    with ledger.write_ledger(database) as writer:
        return writer.save(draft, at, is_replay=False)


@dataclass
class World:
    """One application over a home of its own, and the fakes behind it."""

    app: Application
    markets: FakeMarkets
    grades: FakeGrades
    days: list[date]

    @property
    def database(self) -> Database:
        return self.app.state.database


def make_world(
    path: Path,
    *,
    tokens: int = 20,
    days: int = 4,
    clock: Clock | None = None,
    is_ready: Callable[[], bool] = lambda: True,
    progress: Callable[[], str] = lambda: "",
    history: Callable[[], str] = lambda: "",
    faces: Sequence[Face] = (),
    url: SecretStr | None = None,
    **settings: Any,
) -> World:
    """An application with the last `days` days graded, both kinds, back-filled."""
    markets, grades = FakeMarkets(make_registry(tokens)), FakeGrades()
    home = Home(path, url)
    database = Database(home)
    graded = [NEWEST - timedelta(days=days - 1 - i) for i in range(days)] if days else []
    graded = [FIRST + timedelta(days=30), date(2022, 5, 1), *graded] if days else []
    with ledger.write_ledger(database) as writer:
        for day in graded:
            for seed, kind in enumerate(GradeKind):
                rows = make_rows(markets.registry, day, seed)
                draft = make_draft(f"grades.{kind}", day, rows)
                writer.save(draft, SAID_AT, is_replay=False)
        speak(writer, graded[-2:])
    database.close()
    app = create_app(
        home,
        clock or FixedClock(NOW),
        Settings(home=path, **settings),
        grades=grades,
        markets=markets,
        is_ready=is_ready,
        progress=progress,
        history=history,
        faces=faces,
    )
    return World(app, markets, grades, graded)
