"""The bundled market: records against empyrical from raw candles, and days people remember."""

from datetime import UTC, date, datetime
from importlib.resources import as_file, files
from typing import Any

import empyrical
import numpy as np
import orjson
import polars as pl
import pytest
from tests.market_state.worlds import Book

from assay import ledger, markets
from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.market_state import MARKET_STATE, MARKET_STATE_CORRELATIONS, MARKET_STATE_TOKENS
from assay.publishing import KnownFacts, Speaker, load_facts

pytestmark = pytest.mark.slow

NOW = datetime(2024, 1, 1, tzinfo=UTC)
LAST = date(2023, 12, 29)


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> KnownFacts:
    home = Home(tmp_path_factory.mktemp("sample") / "home").create()
    markets.load_sample(home, FixedClock(NOW), SilentProgress())
    return load_facts(home, LAST, NOW)


def say(speaker: Speaker, facts: KnownFacts, days: list[date]) -> dict[date, list[dict[str, Any]]]:
    judged = speaker.judge(days, facts, Book())
    return {item.day: orjson.loads(ledger.canonical_json(list(item.rows))) for item in judged}


def read_closes(pair: str, last: date) -> np.ndarray[Any, np.dtype[np.float64]]:
    with as_file(files("assay.samples")) as folder:
        candles = pl.read_parquet(sorted(folder.glob("candles_1d_*.parquet")))
    names = {pair, pair.removesuffix("USDT")}
    chosen = candles.filter(pl.col("symbol").is_in(names) & (pl.col("time") <= last)).sort("time")
    return chosen["close"].to_numpy()


@pytest.mark.parametrize("symbol", ["BTC", "ADA"])
def test_records_equal_empyrical_on_the_raw_candles(facts: KnownFacts, symbol: str) -> None:
    rows = {r["symbol"]: r for r in say(MARKET_STATE_TOKENS, facts, [LAST])[LAST]}
    closes = read_closes(f"{symbol}USDT", LAST)
    returns = closes[1:] / closes[:-1] - 1
    for window, part in (("all", returns), ("year", returns[-365:])):
        said = rows[symbol][window]
        expected = {
            "total_return": empyrical.cum_returns_final(part),
            "volatility": empyrical.annual_volatility(part, annualization=365),
            "sharpe": empyrical.sharpe_ratio(part, annualization=365),
            "sortino": empyrical.sortino_ratio(part, annualization=365),
            "max_drawdown": empyrical.max_drawdown(part),
            "calmar": empyrical.calmar_ratio(part, annualization=365),
            "omega": empyrical.omega_ratio(part),
            "var_95": empyrical.value_at_risk(part),
            "cvar_95": empyrical.conditional_value_at_risk(part),
        }
        for name, value in expected.items():
            places = len(said[name].split(".")[1])
            assert float(said[name]) == pytest.approx(value, abs=0.51 * 10**-places), name
        assert said["days"] == part.size


def test_days_everyone_remembers(facts: KnownFacts) -> None:
    peak, luna, ftx = date(2021, 11, 8), date(2022, 6, 18), date(2022, 11, 9)
    said = {day: rows[0] for day, rows in say(MARKET_STATE, facts, [peak, luna, ftx, LAST]).items()}
    assert said[luna]["fear_and_greed"]["label"] == "Extreme Fear"
    assert said[peak]["fear_and_greed"]["value"] > 55
    assert [said[day]["indicator"]["last_signal"] for day in (peak, luna, LAST)] == [1, -1, 1]
    assert float(said[luna]["breadth"]["above_mean_50"]) < 0.05
    assert said[ftx]["breadth"]["lows_90"] > said[ftx]["breadth"]["highs_90"]
    assert float(said[ftx]["btc"]["change"]) < -0.1
    assert float(said[luna]["correlation"]["mean"]) > float(said[LAST]["correlation"]["mean"])


def test_luna_dies_on_record(facts: KnownFacts) -> None:
    day = date(2022, 5, 12)
    rows = {r["symbol"]: r for r in say(MARKET_STATE_TOKENS, facts, [day, LAST])[day]}
    assert float(rows["LUNA"]["all"]["max_drawdown"]) < -0.999
    assert float(rows["LUNA"]["year"]["cvar_95"]) < -0.2


def test_ether_moves_with_bitcoin(facts: KnownFacts) -> None:
    rows = {r["symbol"]: r for r in say(MARKET_STATE_CORRELATIONS, facts, [LAST])[LAST]}
    assert len(rows) == 150
    best = rows["BTC"]["most"][0]
    assert best["token_id"] == rows["ETH"]["token_id"]
    assert float(best["correlation"]) < float(best["plain"])
