"""Many candles in constant memory are the candles that are read one token at a time."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from assay.kit.home import Home
from assay.markets import Order, list_stored_days, load_candles, load_registry, stream_candles
from assay.markets.store.windows import (
    WINDOW_ROWS,
    Partition,
    list_partitions,
    split_partition,
)
from assay.markets.types import AsOf, Interval

from .conftest import NOW, START, Importer, bar

LATER = NOW + timedelta(days=3)
VALUES = ["time", "open", "high", "low", "close", "volume", "market_cap_usd", "quote_volume"]
NAMES = ("BTC", "ETH", "LTC")


def read_stream(home: Home, **asked: object) -> pl.DataFrame:
    """The whole stream as one frame."""
    batches = list(stream_candles(home, Interval.DAY, **asked))  # type: ignore[arg-type]
    return pl.concat([pl.DataFrame(batch) for batch in batches]) if batches else pl.DataFrame()


def fill(take: Importer) -> None:
    """Three coins over the turn of a year, in two imports, and a venue that is none of theirs."""
    first = [bar(name, day, 100.0 + day) for name in NAMES for day in range(-20, 5)]
    take(first)
    take([bar(name, day, 200.0 + day) for name in reversed(NAMES) for day in range(5, 9)])
    take([bar("BTC", day, 9.0) for day in range(9)], venue="kraken")


def correct(take: Importer) -> None:
    """Corrections in the later of the two years, known only `LATER`."""
    take([bar("BTC", 2, 111.0), bar("ETH", 3, 222.0)], now=LATER)


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("as_of", [None, date(2024, 1, 8), LATER - timedelta(hours=1)])
@pytest.mark.parametrize("corrected", [False, True])
def test_the_stream_holds_what_each_token_alone_has(
    home: Home, take: Importer, order: Order, as_of: AsOf | None, corrected: bool
) -> None:
    fill(take)
    if corrected:
        correct(take)
    start, end = datetime(2023, 12, 25, tzinfo=UTC), datetime(2024, 1, 7, tzinfo=UTC)
    found = read_stream(home, start=start, end=end, as_of=as_of, order=order)
    registry = load_registry(home)
    for name in NAMES:
        token_id = int(registry.resolve(name).token_id)
        alone = load_candles(home, token_id, Interval.DAY, start, end, as_of=as_of)
        same = found.filter(pl.col("token_id") == token_id).sort("time")
        assert same.select(VALUES).equals(alone.select(VALUES))
        assert alone.height == 13
    assert found.height == 13 * len(NAMES)


@pytest.mark.parametrize("order", [Order.OLDEST, Order.NEWEST])
def test_an_order_of_time_holds_over_all_partitions(
    home: Home, take: Importer, order: Order
) -> None:
    fill(take)
    found = read_stream(home, order=order)
    down = [order is Order.NEWEST, False]
    assert found.equals(found.sort("time", "token_id", descending=down))
    assert found.height == 29 * len(NAMES)


def test_only_the_tokens_asked_for_come(home: Home, take: Importer) -> None:
    fill(take)
    wanted = int(load_registry(home).resolve("ETH").token_id)
    for order in Order:
        assert set(read_stream(home, token_ids=[wanted], order=order)["token_id"]) == {wanted}
    nobody = read_stream(home, token_ids=[wanted], start=datetime(2030, 1, 1, tzinfo=UTC))
    assert nobody.is_empty()


def test_stored_rows_go_by_partition_import_token_and_time(home: Home, take: Importer) -> None:
    fill(take)
    found = read_stream(home, end=datetime(2024, 1, 1, tzinfo=UTC))
    assert found.equals(found.sort("token_id", "time"))
    years = read_stream(home)["time"].dt.year()
    assert years.is_sorted()


def test_an_empty_lake_streams_nothing(home: Home) -> None:
    assert list(stream_candles(home, Interval.HOUR)) == []
    assert list_stored_days(home, Interval.HOUR) is None


def test_the_days_stored_are_told(home: Home, take: Importer) -> None:
    fill(take)
    last = START + timedelta(days=8)
    assert list_stored_days(home, Interval.DAY) == (START - timedelta(days=20), last)


def test_a_partition_is_plain_only_without_corrections(home: Home, take: Importer) -> None:
    take([bar("BTC", day, 100.0) for day in range(-5, 5)])
    plain = list_partitions(home, Interval.DAY, None, None)
    assert [partition.series for partition in plain] == [("USDT", "binance")] * 2
    take([bar("BTC", 2, 111.0)], now=LATER)
    mixed = list_partitions(home, Interval.DAY, None, None)
    assert [partition.series is None for partition in mixed] == [False, True]


@pytest.mark.parametrize("order", list(Order))
def test_a_large_partition_is_cut_into_windows_that_cover_it_once(order: Order) -> None:
    first = datetime(2024, 1, 1, tzinfo=UTC)
    last = first + timedelta(days=1)
    large = Partition(("a",), first, last, WINDOW_ROWS * 3, last, None)
    windows = split_partition(large, list(range(10)), None, None, order)
    assert len(windows) == 3
    if order is Order.STORED:
        covered = [i for w in windows for i in range(w.low or 0, (w.high or 0) + 1)]
        assert covered == list(range(10))
        return
    spans = windows if order is Order.OLDEST else windows[::-1]
    assert spans[0].start == first
    assert [w.end for w in spans[:-1]] == [w.start for w in spans[1:]]
    assert spans[-1].end is not None
    assert spans[-1].end > last
