"""Recorded messages of real venues through our readings and books, up to books that are proved.

The recordings are cryptofeed's sample data, kept beside the repository and not shipped with it.
Binance's protocol is still the recorded one: sequence numbers and the venue's own best prices of
the same moment prove the books. OKX's books had checksums then and no numbers: numbers are put in
here, the checksums prove the levels. Kraken speaks v2 now: its recorded v1 messages are rewritten
as v2 ones, digit by digit, so that recorded checksums prove reading, cutting and summing.
"""

import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
import pytest

from assay.feeds.compute.book import Book
from assay.feeds.sources.binance.protocol import Binance
from assay.feeds.sources.dialect import Dialect
from assay.feeds.sources.kraken.protocol import Kraken
from assay.feeds.sources.okx.protocol import Okx
from assay.feeds.types import (
    Applied,
    BookDelta,
    BookSnapshot,
    Candle,
    Event,
    Instrument,
    RawDelta,
    SequenceRule,
    Subscription,
    Ticker,
    Trade,
)

ARCHIVE = (
    Path(__file__).resolve().parents[4]
    / "shared/data/exchange_messages/cryptofeed_sample_data_104files.tar.xz"
)
WANTED = ("BINANCE", "BINANCE_US", "BINANCE_TR", "OKX", "OKCOIN", "KRAKEN")
PRICE_UNIT = 10**12
SIZE_UNIT = 10**8


@pytest.fixture(scope="module")
def recordings() -> dict[str, list[str]]:
    """Lines of the recordings of the venues whose protocol lives on, by file name."""
    if not ARCHIVE.is_file():
        pytest.skip(f"recorded messages of venues are not here: {ARCHIVE.name}")
    found = {}
    with tarfile.open(ARCHIVE, mode="r|xz") as archive:
        for member in archive:
            name = Path(member.name).name
            stream = archive.extractfile(member) if name.split(".")[0] in WANTED else None
            if stream is not None:
                found[name] = stream.read().decode().splitlines()
    return found


def read_heard(lines: list[str]) -> Iterator[tuple[float, str]]:
    """(time, message) of what the venue sent over a WebSocket."""
    for line in lines:
        found = re.match(r"(\d+\.\d+): (.*)", line)
        if found:
            yield float(found[1]), found[2]


def read_answers(lines: list[str]) -> Iterator[tuple[float, str, str]]:
    """(time, address, body) of answers of REST."""
    for line in lines:
        found = re.match(r"(https://\S+) -> (\d+\.\d+): (.*)", line)
        if found:
            yield float(found[2]), found[1], found[3]


def watch(dialect: Dialect, symbols: list[str]) -> None:
    dialect.subscribe([Subscription(topic, name) for topic in dialect.topics for name in symbols])


class Keeper:
    """Keeps books as the feed does: changes wait for the whole book, then follow on it."""

    def __init__(
        self,
        pairs: list[Instrument],
        rule: SequenceRule,
        levels: int | None,
        *,
        compiled: bool = False,
    ) -> None:
        self.books = {pair.symbol: Book(pair, rule, levels, compiled=compiled) for pair in pairs}
        self.waiting: dict[str, list[Event]] = {}
        self.became: Counter[Applied] = Counter()
        self.loaded: set[str] = set()

    def take(self, event: Event) -> None:
        if isinstance(event, BookSnapshot):
            book = self.books[event.symbol]
            assert book.load(event) is Applied.APPLIED, book.reason
            self.loaded.add(event.symbol)
            for early in self.waiting.pop(event.symbol, []):
                self.take(early)
        elif isinstance(event, BookDelta | RawDelta):
            book = self.books[event.symbol]
            if not book.is_synced:
                self.waiting.setdefault(event.symbol, []).append(event)
                return
            if isinstance(event, RawDelta):
                self.became[book.apply_raw(event.frame)] += 1
            else:
                self.became[book.apply(event)] += 1


BINANCES = {
    "BINANCE": ["NKNUSDT", "BLZETH", "LRCBTC", "RUNEEUR"],
    "BINANCE_US": ["CRVUSDT", "COMPUSDT", "OMGBUSD", "ZRXUSDT"],
    "BINANCE_TR": ["BELBTC", "XEMUSDT", "ELFBUSD", "LTCBRL"],
}


@pytest.mark.parametrize("is_raw", [True, False])
@pytest.mark.parametrize("name", BINANCES)
def test_binance(recordings: dict[str, list[str]], name: str, *, is_raw: bool) -> None:
    symbols = BINANCES[name]
    dialect = Binance(is_raw=is_raw)
    watch(dialect, symbols)
    listed = recordings[f"{name}.0"][0].split(": ", 1)[1].encode()
    pairs = {pair.symbol: pair for pair in dialect.read_instruments(listed)}
    assert len(pairs) > 100
    keeper = Keeper([pairs[s] for s in symbols], dialect.rule, None, compiled=is_raw)
    heard = [(when, "", text) for when, text in read_heard(recordings[f"{name}.ws.1.0"])]
    answers = list(read_answers(recordings[f"{name}.http.0.0"]))
    told: dict[tuple[str, int], tuple[float, ...]] = {}
    candles = compared = 0
    for _, address, text in sorted([*heard, *answers]):
        body = text.encode()
        if address:
            symbol = address.split("symbol=")[1].split("&")[0]
            keeper.take(dialect.read_snapshot(symbol, body))
        elif "@bookTicker" in text:
            best = msgspec.json.decode(body)["data"]
            told[best["s"], int(best["u"])] = tuple(float(best[key]) for key in "bBaA")
        elif "@aggTrade" not in text:
            (event,) = dialect.receive(body, 0)
            if isinstance(event, Candle):
                candles += 1
                assert list_numbers(event) == pick(msgspec.json.decode(body)["data"]["k"])
            keeper.take(event)
            compared += is_best_as_told(keeper.books[symbol_of(event)], told)
    assert keeper.became.keys() <= {Applied.APPLIED, Applied.OLD}
    assert keeper.became[Applied.APPLIED] > 50
    assert candles >= 1
    assert compared >= 10
    assert_uncrossed(keeper)


def list_numbers(bar: Candle) -> list[float]:
    prices = [bar.open_ms, bar.open, bar.high, bar.low, bar.close]
    return [*prices, bar.base_volume, bar.quote_volume, bar.trades, bar.is_closed]


def pick(told: dict[str, str]) -> list[float]:
    """What a kline message says, read another way."""
    return [float(told[key]) for key in "tohlcvqnx"]


def symbol_of(event: Event) -> str:
    assert isinstance(event, Candle | BookDelta | RawDelta)
    return event.symbol


def is_best_as_told(book: Book, told: dict[tuple[str, int], tuple[float, ...]]) -> bool:
    """Whether the venue told its best prices for just this state; then they are the book's."""
    expected = told.pop((book.instrument.symbol, book.last_id), None)
    if expected is None or not book.is_synced:
        return False
    top = book.top()
    assert (top.bid, top.bid_size, top.ask, top.ask_size) == expected
    return True


def assert_uncrossed(keeper: Keeper) -> None:
    """Every book stands and is not crossed; one pair's whole book was never recorded."""
    assert keeper.books.keys() - keeper.loaded <= {"ELFBUSD"}
    for symbol in keeper.loaded:
        book = keeper.books[symbol]
        assert book.is_synced
        assert book.top().bid < book.top().ask


OKXES = {
    "OKX": ["BTC-USDT"],
    "OKCOIN": ["BTC-USD", "ETH-USD", "USDC-USDT", "USDT-USD"],
}


@pytest.mark.parametrize("name", OKXES)
def test_okx_v5(recordings: dict[str, list[str]], name: str) -> None:
    dialect = Okx()
    watch(dialect, OKXES[name])
    listed = next(read_answers(recordings[f"{name}.0"]))[2].encode()
    pairs = {pair.symbol: pair for pair in dialect.read_instruments(listed)}
    keeper = Keeper([pairs[s] for s in OKXES[name]], dialect.rule, dialect.limits.book_levels)
    numbers: Counter[str] = Counter()
    kinds: Counter[type[Event]] = Counter()
    for _, text in read_heard(recordings[f"{name}.ws.1.0"]):
        if not any(f'"instId":"{symbol}"' in text for symbol in OKXES[name]):
            continue
        message = msgspec.json.decode(text)
        symbol = message["arg"]["instId"]
        if "action" in message:
            (row,) = message["data"]
            row["prevSeqId"] = numbers[symbol] or -1
            numbers[symbol] += 1
            row["seqId"] = numbers[symbol]
        events = dialect.receive(msgspec.json.encode(message), 0)
        for event in events:
            kinds[type(event)] += 1
            keeper.take(event)
        check_okx_rows(events, message.get("data", []))
        if "action" in message:
            expected = message["data"][0]["checksum"]
            assert compute_okx_checksum(keeper.books[symbol]) == expected
    assert set(keeper.became) == {Applied.APPLIED}
    assert kinds.keys() >= {Trade, Ticker, BookSnapshot, BookDelta}
    assert kinds[Candle] == (12 if name == "OKCOIN" else 0)
    assert_uncrossed(keeper)


def check_okx_rows(events: Sequence[Event], rows: list[Any]) -> None:
    """Trades, tickers and bars are what their rows say, read another way."""
    for event, row in zip(events, rows, strict=False):
        if isinstance(event, Trade):
            told = [float(row[key]) for key in ("px", "sz", "ts")]
            assert [event.price, event.size, event.time_ms] == told
            assert event.is_buy == (row["side"] == "buy")
        elif isinstance(event, Ticker):
            keys = ("last", "bidPx", "askPx", "vol24h", "volCcy24h", "ts", "open24h")
            volumes = [event.base_volume, event.quote_volume, event.time_ms, event.open_24h]
            assert [event.last, event.bid, event.ask, *volumes] == [float(row[k]) for k in keys]
        elif isinstance(event, Candle):
            prices = [event.open_ms, event.open, event.high, event.low, event.close]
            assert [*prices, event.base_volume] == [float(number) for number in row[:6]]
            assert event.quote_volume == float(row[7])
            assert event.is_closed == (row[8] == "1")


def compute_okx_checksum(book: Book) -> int:
    """The venue's documented sum: 25 levels a side in turn, digits as it writes them, signed."""
    bids, asks = (side[:25] for side in book.levels())
    parts = []
    for row in range(25):
        for side in (bids, asks):
            if row < len(side):
                price, size = side[row]
                parts += [write(Decimal(price) / PRICE_UNIT), write(Decimal(size) / SIZE_UNIT)]
    unsigned = crc32(":".join(parts).encode())
    return unsigned - 2**32 if unsigned >= 2**31 else unsigned


def write(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


KRAKEN_PAIRS = ("KSM/XBT XMR/USD ETH/CHF OMG/USD GRT/ETH WAVES/EUR ADA/XBT XBT/CHF SC/EUR").split()
_V1_DEPTH = 1000


def test_kraken_books(recordings: dict[str, list[str]]) -> None:
    dialect = Kraken()
    symbols = [rename(pair) for pair in [*KRAKEN_PAIRS, "OCEAN/XBT"]]
    watch(dialect, symbols)
    listed = next(read_answers(recordings["KRAKEN.0"]))[2].encode()
    pairs = {pair.symbol: pair for pair in dialect.read_instruments(listed)}
    assert len(pairs) > 250
    keeper = Keeper([pairs[s] for s in symbols], dialect.rule, _V1_DEPTH)
    for _, text in read_heard(recordings["KRAKEN.ws.50.0"]):
        message = msgspec.json.decode(text)
        if isinstance(message, list):
            for event in dialect.receive(rewrite(message), 0):
                keeper.take(event)
    assert set(keeper.became) == {Applied.APPLIED}
    assert keeper.became[Applied.APPLIED] > 4_000
    assert_uncrossed(keeper)


def rename(pair: str) -> str:
    return pair.replace("XBT", "BTC").replace("XDG", "DOGE")


def rewrite(message: list[object]) -> bytes:
    """A book message of v1 as v2 would say it: the same digits, as numbers."""
    _, *parts, _, pair = message
    sides: dict[str, list[list[str]]] = {}
    crc = ""
    for part in parts:
        assert isinstance(part, dict)
        crc = part.pop("c", crc)
        sides |= part
    kind = "snapshot" if "as" in sides else "update"
    rows = ",".join(
        f'"{word}":[{",".join(_write_level(level) for level in sides.get(key, []))}]'
        for word, key in (
            ("bids", "bs" if kind == "snapshot" else "b"),
            ("asks", "as" if kind == "snapshot" else "a"),
        )
    )
    # The recorded snapshots have no checksum, which v2 always sends.
    if kind == "snapshot":
        crc = str(_sum_kraken(sides["as"], sides["bs"]))
    return (
        f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{rename(str(pair))}",'
        f'{rows},"checksum":{crc}}}]}}'
    ).encode()


def _write_level(level: list[str]) -> str:
    return f'{{"price":{level[0]},"qty":{level[1]}}}'


def _sum_kraken(asks: list[list[str]], bids: list[list[str]]) -> int:
    text = "".join(
        level[0].replace(".", "").lstrip("0") + level[1].replace(".", "").lstrip("0")
        for side in (asks, bids)
        for level in side[:10]
    )
    return crc32(text.encode())
