"""The bundled market, its dead included: the exact account against the one in floats."""

from importlib.resources import as_file, files

import numpy as np
import polars as pl
import pytest
from tests.backtest.test_orders import check_book
from tests.backtest.worlds import Matrix

from assay.backtest import Outcome, run_orders, run_weights

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def market() -> tuple[list[str], Matrix, Matrix]:
    """Symbols, closes and dollar volumes of 2021-04-05 to 2023-12-29, [tokens, days]."""
    with as_file(files("assay.samples")) as folder:
        candles = pl.read_parquet(
            sorted(folder.glob("candles_1d_202*.parquet")),
            columns=["symbol", "time", "close", "volume"],
        )
    candles = candles.filter(
        pl.col("time").is_between(pl.date(2021, 4, 5), pl.date(2023, 12, 29))
    ).with_columns(volume=pl.col("close") * pl.col("volume"))
    wide = {
        name: candles.pivot("symbol", index="time", values=name).sort("time")
        for name in ("close", "volume")
    }
    symbols = wide["close"].columns[1:]
    closes, volumes = (
        np.ascontiguousarray(wide[name].select(symbols).to_numpy().T) for name in wide
    )
    return symbols, closes, volumes


def create_equal_weights(closes: Matrix, every: int) -> Matrix:
    """Equal weights over the tokens with a bar, set every so many days; no orders in between."""
    weights = np.full(closes.shape, np.nan)
    for day in range(0, closes.shape[1], every):
        bars = np.isfinite(closes[:, day])
        weights[:, day] = np.where(bars, 1.0 / bars.sum(), 0.0)
    return weights


def test_equal_weight_market_in_whole_cents(market: tuple[list[str], Matrix, Matrix]) -> None:
    symbols, closes, volumes = market
    weights = create_equal_weights(closes, every=30)
    account = run_orders(closes, weights, volume_usd=volumes, impact_bps=100.0, keep_orders=True)
    run = run_weights(closes, weights, volume_usd=volumes, impact_bps=100.0)
    check_book(account, 10**8)
    np.testing.assert_allclose(account.equity / 1e14, run.equity, rtol=1e-6)
    forced = account.orders.outcome == Outcome.FORCED
    ended = np.array([np.isfinite(row).nonzero()[0][-1] for row in closes])
    assert forced.sum() > 20
    np.testing.assert_array_equal(
        account.orders.day[forced], ended[account.orders.token[forced]] + 1
    )
    assert "LUNAUSDT" in symbols
    assert 0.1 < run.equity[-1] < 10.0
    assert run.cost.max() < 0.01
    assert np.all(run.turnover[2:31] <= 1 / 100)


def test_costs_can_only_hurt(market: tuple[list[str], Matrix, Matrix]) -> None:
    _, closes, volumes = market
    weights = create_equal_weights(closes, every=7)
    final = [
        run_weights(closes, weights, volume_usd=volumes, fee_bps=fee, impact_bps=impact).equity[-1]
        for fee, impact in ((0.0, 0.0), (10.0, 0.0), (30.0, 0.0), (30.0, 200.0))
    ]
    assert final == sorted(final, reverse=True)
