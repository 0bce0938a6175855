"""What an import promises: all or nothing, nothing twice, nothing silently away."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kit.clock import FixedClock
from assay.kit.errors import AssayError, BadInput, NotFound, SourceMalformed
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.markets import (
    declare_redenomination,
    import_candles,
    list_quarantine,
    load_candles,
    load_panel,
    load_registry,
)
from assay.markets.reports import Fault
from assay.markets.types import Interval

from .conftest import NOW, START, Importer, Row, bar


def test_an_import_can_be_read_back(home: Home, take: Importer) -> None:
    report = take([bar("BTC", day, 100.0 + day, market_cap_usd=1e9) for day in range(5)])
    candles = load_candles(home, "BTC", Interval.DAY)
    assert report.accepted == report.rows == 5
    assert candles["close"].to_list() == [100.0, 101.0, 102.0, 103.0, 104.0]
    panel = load_panel(home)
    assert panel.close[panel.row(3375)].tolist() == [100.0, 101.0, 102.0, 103.0, 104.0]
    assert panel.market_cap is not None
    assert panel.market_cap[0, 0] == 1e9


def test_a_market_cap_of_0_is_an_unknown_one(home: Home, take: Importer) -> None:
    report = take([bar("BTC", day, 100.0, market_cap_usd=1e9 * (day % 2)) for day in range(4)])
    assert report.accepted == 4
    caps = load_panel(home).market_cap
    assert caps is not None
    assert np.isnan(caps[0]).tolist() == [True, False, True, False]


def test_importing_the_same_content_again_changes_nothing(home: Home, take: Importer) -> None:
    rows = [bar("BTC", day, 100.0) for day in range(5)] + [bar("BTC", 5, -1.0)]
    take(rows)
    before = {path: path.read_bytes() for path in (home.lake).rglob("*") if path.is_file()}
    again = take(rows, kind="csv", now=NOW + timedelta(days=9))
    after = {path: path.read_bytes() for path in (home.lake).rglob("*") if path.is_file()}
    assert (again.accepted, again.unchanged) == (0, 5)
    assert again.quarantined == {Fault.NOT_POSITIVE: 1}
    assert not again.has_changed_anything
    assert before == after
    assert list_quarantine(home).height == 1


@pytest.mark.parametrize("symbol", ["BTC", "btc", "BTCUSDT", "BTC/USDT", "BTC-USDT", "BTC_USDT"])
def test_every_way_to_write_a_symbol_means_the_same_token(
    home: Home, take: Importer, symbol: str
) -> None:
    take([bar(symbol, 0, 1.0)])
    assert load_panel(home).token_ids.tolist() == [3375]


@pytest.mark.parametrize(
    "time",
    [
        "2024-01-02",
        "2024-01-02T00:00:00Z",
        "2024-01-02 00:00:00",
        "2024-01-02T02:00:00+02:00",
        "1704153600",
        "1704153600000",
        "1704153600000000",
        1704153600,
        1704153600000,
        1704153600000000,
        date(2024, 1, 2),
        datetime(2024, 1, 2, tzinfo=UTC),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_every_way_to_write_a_time_means_the_same_day(
    home: Home, take: Importer, time: object, kind: str
) -> None:
    take([bar("BTC", 0, 1.0, time=time)], kind=kind)
    assert load_panel(home).first_day == date(2024, 1, 2)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"high": 1.0}, Fault.HIGH_BELOW_LOW),
        ({"open": 101.0}, Fault.OUTSIDE),
        ({"close": 99.0}, Fault.OUTSIDE),
        ({"low": 0.0}, Fault.NOT_POSITIVE),
        ({"open": -1.0}, Fault.NOT_POSITIVE),
        ({"close": None}, Fault.NO_CLOSE),
        ({"close": float("nan")}, Fault.NO_CLOSE),
        ({"high": float("inf")}, Fault.NOT_FINITE),
        ({"volume": -1.0}, Fault.NEGATIVE_VOLUME),
        ({"volume": float("inf")}, Fault.NOT_FINITE),
        ({"time": datetime(2030, 1, 1)}, Fault.FUTURE),  # noqa: DTZ001
        ({"time": datetime(2024, 6, 1)}, Fault.UNFINISHED),  # noqa: DTZ001
        ({"time": datetime(2024, 1, 5, 1)}, Fault.MISALIGNED),  # noqa: DTZ001
        ({"time": None}, Fault.TIME),
        ({"symbol": "???"}, Fault.SYMBOL),
        ({"symbol": None}, Fault.SYMBOL),
        ({"time": datetime(2024, 1, 1)}, Fault.DUPLICATE),  # noqa: DTZ001
        ({"time": datetime(2024, 1, 1), "volume": 2.0}, Fault.CONFLICT),  # noqa: DTZ001
        (dict.fromkeys(("open", "high", "low", "close"), 2000.0), Fault.JUMP),
        (dict.fromkeys(("open", "high", "low", "close"), 5.0), Fault.JUMP),
        ({"open": None, "high": None, "low": None, "close": 5.0}, Fault.JUMP),
    ],
)
def test_a_bad_row_goes_to_quarantine_with_its_reason(
    home: Home, take: Importer, changes: Row, fault: Fault
) -> None:
    good = [
        bar("BTC", day, 100.0, time=datetime(2024, 1, 1) + timedelta(days=day))  # noqa: DTZ001
        for day in (0, 1, 2)
    ]
    bad = bar("BTC", 4, 100.0, time=datetime(2024, 1, 5)) | changes  # noqa: DTZ001
    after = bar("BTC", 5, 100.0, time=datetime(2024, 1, 6))  # noqa: DTZ001
    report = take([*good, bad, after])
    assert report.quarantined == {fault: 1}
    assert report.accepted == 4
    assert list_quarantine(home)["reason"].to_list() == [fault.value]


def test_unreadable_numbers_and_times_are_turned_away(home: Home, take: Importer) -> None:
    rows = [{"symbol": "BTC", "time": "2024-01-01", "close": "1.0"}]
    rows += [{"symbol": "BTC", "time": "2024-01-02", "close": "much"}]
    rows += [{"symbol": "BTC", "time": "yesterday", "close": "1.0"}]
    report = take(rows, kind="csv")
    assert report.quarantined == {Fault.NUMBER: 1, Fault.TIME: 1}
    assert "much" in list_quarantine(home, report.import_id)["content"].str.join("").item()


def test_missing_numbers_stay_missing(home: Home, take: Importer) -> None:
    take([{"symbol": "BTC", "time": START, "close": 5.0}], kind="csv")
    row = load_candles(home, "BTC", Interval.DAY).row(0, named=True)
    assert [row[name] for name in ("open", "high", "low", "volume")] == [None] * 4
    assert np.isnan(load_panel(home).volume[0, 0])


def test_a_coin_may_lose_everything_within_a_day(home: Home, take: Importer) -> None:
    crash = {"open": 1.0, "high": 1.4, "low": 0.0003, "close": 0.0005}
    rows = [bar("BTC", 0, 1.0), bar("BTC", 1, 1.0) | crash, bar("BTC", 2, 0.0004)]
    assert take(rows).quarantined == {}


def test_a_close_that_no_neighbour_confirms_is_itself_at_fault(home: Home, take: Importer) -> None:
    rows = [bar("BTC", day, 1.0) for day in range(6)]
    rows[3] |= {"high": 50.0, "close": 50.0}
    assert take(rows).quarantined == {Fault.JUMP: 1}
    assert load_candles(home, "BTC", Interval.DAY)["close"].to_list() == [1.0] * 5


def test_a_jump_against_a_stored_close_is_turned_away(home: Home, take: Importer) -> None:
    take([bar("BTC", 0, 1.0)])
    assert take([bar("BTC", 1, 30.0)]).quarantined == {Fault.JUMP: 1}


def test_a_declared_redenomination_is_no_jump(home: Home, take: Importer) -> None:
    rows = [bar("FOO", 0, 1.0), bar("FOO", 1, 0.001)]
    report = take(rows)
    assert report.quarantined == {Fault.JUMP: 1}
    assert "assay redenominate FOO --day" in report.hints[0]
    declare_redenomination(home, "FOO", START + timedelta(days=1), 1000.0, FixedClock(NOW))
    assert take(rows).accepted == 1
    assert (load_panel(home).close * load_panel(home).unit).tolist() == [[1.0, 1.0]]


def test_a_late_declaration_changes_no_past_judgement(home: Home, take: Importer) -> None:
    take([bar("FOO", day, 1.0 if day < 3 else 0.1) for day in range(6)])
    day = START + timedelta(days=3)
    declare_redenomination(home, "FOO", day, 10.0, FixedClock(NOW))
    assert load_panel(home, START + timedelta(days=5)).unit.tolist() == [[1.0] * 6]
    assert load_panel(home, None).unit.tolist() == [[1.0] * 3 + [10.0] * 3]
    assert load_panel(home, None, NOW - timedelta(days=1)).unit.tolist() == [[1.0] * 6]
    with pytest.raises(BadInput):
        declare_redenomination(home, "FOO", day, 0.0, FixedClock(NOW))


def test_unknown_symbols_become_tokens_with_lasting_ids(home: Home, take: Importer) -> None:
    first = take([bar("ZZZ", 0, 1.0), bar("YYYUSDT", 0, 1.0)])
    take([bar("YYY", 1, 1.0), bar("XXX", 1, 1.0)])
    registry = load_registry(home)
    ids = [registry.resolve(symbol).token_id for symbol in ("ZZZ", "YYY", "XXX")]
    assert first.new_tokens == ("ZZZ", "YYY")
    assert ids == [1_000_000, 1_000_001, 1_000_002]


def test_a_token_whose_rows_are_all_bad_is_not_registered(home: Home, take: Importer) -> None:
    assert take([bar("ZZZ", 0, -1.0)]).new_tokens == ()
    with pytest.raises(NotFound):
        load_registry(home).resolve("ZZZ")


def test_the_same_ticker_goes_to_who_bore_it_that_day(home: Home, take: Importer) -> None:
    take([bar("LUNA", date(2022, 5, 1), 80.0), bar("LUNA", date(2022, 6, 1), 8.0)])
    assert load_panel(home).token_ids.size == 2
    terra = load_candles(home, "LUNC", Interval.DAY)
    assert terra["close"].to_list() == [80.0]


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("none.csv", None, NotFound),
        ("empty.csv", b"", BadInput),
        ("blank.csv", b"\n\n", BadInput),
        ("header.csv", b"symbol,time,close\n", BadInput),
        ("wrong.csv", b"a,b\n1,2\n", BadInput),
        ("half.csv", b"symbol,time,open\nBTC,2024-01-01,1\n", BadInput),
        ("ragged.csv", b"symbol,time,close\nBTC,2024-01-01,1,2,3\n", SourceMalformed),
        ("noise.csv", bytes(range(128, 256)), AssayError),
        ("empty.parquet", b"", BadInput),
        ("noise.parquet", b"PAR1 no table PAR1", SourceMalformed),
        ("sheet.xlsx", b"x", BadInput),
    ],
)
def test_a_bad_file_is_named_and_harms_nothing(
    home: Home,
    take: Importer,
    tmp_path: Path,
    name: str,
    content: bytes | None,
    error: type[AssayError],
) -> None:
    take([bar("BTC", 0, 1.0)])
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error) as caught:
        import_candles(home, path, Interval.DAY, "binance", FixedClock(NOW), SilentProgress())
    assert caught.value.hint
    assert load_candles(home, "BTC", Interval.DAY)["close"].to_list() == [1.0]


def test_a_truncated_parquet_file_is_named_and_harms_nothing(
    home: Home, take: Importer, tmp_path: Path
) -> None:
    take([bar("BTC", 0, 1.0)])
    path = tmp_path / "cut.parquet"
    pl.DataFrame([bar("BTC", day, 1.0) for day in range(300)]).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SourceMalformed, match=r"cut\.parquet"):
        import_candles(home, path, Interval.DAY, "binance", FixedClock(NOW), SilentProgress())
    assert load_panel(home).n_days == 1


def test_a_folder_is_no_file(home: Home, tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(BadInput):
        import_candles(
            home, tmp_path / "x.csv", Interval.DAY, "binance", FixedClock(NOW), SilentProgress()
        )


prices = st.floats(0.5, 2.0)
volumes = st.none() | st.floats(0, 1e12)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["BTC", "ETH", "NEW1"]), st.integers(0, 40), prices, volumes),
        min_size=1,
        max_size=40,
        unique_by=lambda row: row[:2],
    ),
    st.sampled_from(["csv", "parquet"]),
)
def test_whatever_goes_in_comes_out(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, int, float, float | None]],
    kind: str,
) -> None:
    folder = tmp_path_factory.mktemp("round")
    home = Home(folder / "home").create()
    frame = pl.DataFrame(
        [bar(symbol, day, price, volume=volume) for symbol, day, price, volume in rows],
        infer_schema_length=None,
    )
    path = folder / f"file.{kind}"
    if kind == "csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    import_candles(home, path, Interval.DAY, "binance", FixedClock(NOW), SilentProgress())
    panel = load_panel(home)
    registry = load_registry(home)
    assert int((~np.isnan(panel.close)).sum()) == len(rows)
    for symbol, day, price, volume in rows:
        row = panel.row(registry.resolve(symbol).token_id)
        column = panel.column(START + timedelta(days=day))
        assert panel.close[row, column] == price
        stored = panel.volume[row, column]
        assert np.isnan(stored) if volume is None else stored == volume


def test_older_candles_move_the_first_day_back(home: Home, take: Importer) -> None:
    take([bar("NEWX", 30, 1.0), bar("BTC", 30, 9.0)])
    assert load_registry(home).resolve("NEWX").first_day == START + timedelta(days=30)
    take([bar("NEWX", 10, 1.0), bar("NEWX", 20, 1.0)])
    registry = load_registry(home)
    assert registry.resolve("NEWX").first_day == START + timedelta(days=10)
    assert "NEWX" in {token.symbol for token in registry.tokens(START + timedelta(days=10))}
    assert registry.resolve("BTC").first_day == date(2017, 8, 17)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"Symbol,time,SYMBOL,close\nBTC,2024-01-01,X,9\n", "column symbol more than once"),
        ("symbol,time,close\nBTC,2024-01-01,9\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_odd_tables_are_refused(home: Home, tmp_path: Path, payload: bytes, words: str) -> None:
    (tmp_path / "odd.csv").write_bytes(payload)
    with pytest.raises(AssayError, match=words):
        import_candles(
            home, tmp_path / "odd.csv", Interval.DAY, "binance", FixedClock(NOW), SilentProgress()
        )
