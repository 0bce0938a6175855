"""The same numbers to the last bit on the plainest processor numba can compile for, and on any
number of threads.
"""

import hashlib
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.backtest.worlds import create_volumes, create_weights

from assay.backtest import run_orders, run_signals, run_weights, sweep_crosses


def compute_digest(*, parallel: bool = False) -> str:
    """Digest of everything the room computes on one market made of plain arithmetic."""
    generator = np.random.default_rng(20231229)
    steps = generator.random((9, 300)) * 0.1 - 0.05
    closes = np.cumprod(1.0 + steps, axis=1, dtype=np.float64)
    closes[generator.random(closes.shape) < 0.03] = np.nan
    closes[2, 150:] = np.nan
    weights = create_weights(generator, 9, 300, shorts=True)
    costs: dict[str, Any] = {
        "volume_usd": create_volumes(generator, closes),
        "impact_bps": 100.0,
        "slippage_bps": 5.0,
    }
    run = run_weights(closes, weights, **costs)
    account = run_orders(closes, weights, keep_orders=True, **costs)
    sweep = sweep_crosses(closes, [3, 5, 8], [9, 20, 50], details=True, parallel=parallel)
    signals = run_signals(closes, np.sign(weights), fee_bps=10.0, slippage_bps=5.0)
    assert sweep.sharpe is not None
    assert sweep.max_drawdown is not None
    assert sweep.trades is not None
    digest = hashlib.sha256()
    arrays: tuple[NDArray[Any], ...] = (
        *(run.equity, run.returns, run.turnover, run.cost, run.cash, signals),
        *(account.cash, account.equity, account.costs, account.lots, account.orders.money),
        *(sweep.total_return, sweep.sharpe, sweep.max_drawdown, sweep.trades),
    )
    for array in arrays:
        # The sign of a NaN is the processor's choice.
        digest.update(np.where(np.isnan(array), np.nan, array).tobytes())
    return digest.hexdigest()


def compute_elsewhere(*, parallel: bool = False, **settings: str) -> str:
    program = (
        "from tests.backtest.test_equal_bytes import compute_digest;"
        f"print(compute_digest(parallel={parallel}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.getcwd(), **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parallel", "settings"),
    [
        (False, {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}),
        (True, {"NUMBA_NUM_THREADS": "1"}),
        (True, {"NUMBA_NUM_THREADS": "2"}),
    ],
)
def test_equal_bytes(parallel: bool, settings: dict[str, str]) -> None:
    assert compute_elsewhere(parallel=parallel, **settings) == compute_digest()
