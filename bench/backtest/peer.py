"""vectorbt in its own process: reads one task a line, answers with the seconds it took.

    .bench-venv-backtest/bin/python bench/backtest/peer.py FOLDER

FOLDER holds the matrices as .npy, [bars, assets]; results are left there. A task is the name of a
function below. Each is warmed up on a corner of its matrices, and nothing is kept between tasks.
"""

import gc
import json
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import vectorbt as vbt

warnings.filterwarnings("ignore")
FOLDER = Path(sys.argv[1])
SETTINGS = json.loads((FOLDER / "settings.json").read_text())
ENGINE = "rust"


def load(name):
    return pd.DataFrame(np.load(FOLDER / f"{name}.npy"))


def follow_crosses(closes):
    windows = list(range(SETTINGS["first_window"], SETTINGS["last_window"] + 1))
    fast, slow = vbt.MA.run_combs(
        closes, window=windows, r=2, short_names=["fast", "slow"], engine=ENGINE
    )
    return vbt.Portfolio.from_signals(
        closes,
        fast.ma_crossed_above(slow),
        fast.ma_crossed_below(slow),
        fees=SETTINGS["fee"],
        slippage=SETTINGS["slippage"],
        freq="1D",
        engine=ENGINE,
    )


def sweep_returns(closes):
    return {"total_return": follow_crosses(closes).total_return()}


def sweep_details(closes):
    portfolio = follow_crosses(closes)
    return {
        "total_return": portfolio.total_return(),
        "sharpe": portfolio.sharpe_ratio(),
        "max_drawdown": portfolio.max_drawdown(),
        "trades": portfolio.trades.count(),
    }


def rebalance(closes, weights):
    portfolio = vbt.Portfolio.from_orders(
        closes,
        size=weights,
        size_type="targetpercent",
        group_by=True,
        cash_sharing=True,
        call_seq="auto",
        fees=SETTINGS["fee"],
        slippage=SETTINGS["slippage"],
        init_cash=SETTINGS["capital"],
        freq="1D",
        engine=ENGINE,
    )
    return {"equity": portfolio.value()}


TASKS = {
    "sweep_returns": (sweep_returns, ("sweep_closes",)),
    "sweep_details": (sweep_details, ("sweep_closes",)),
    "rebalance": (rebalance, ("closes", "weights")),
}


def main():
    inputs = {name: load(name) for _, names in TASKS.values() for name in names}
    for task, names in TASKS.values():
        task(*(inputs[name].iloc[:200, :3] for name in names))
    print(json.dumps({"vectorbt": vbt.__version__, "engine": ENGINE}), flush=True)
    for line in sys.stdin:
        task, names = TASKS[line.strip()]
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        found = task(*(inputs[name] for name in names))
        took = time.perf_counter() - wall, time.process_time() - cpu
        for name, values in found.items():
            np.save(FOLDER / f"peer_{task.__name__}_{name}.npy", values.to_numpy())
        del found
        gc.collect()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps({"wall": took[0], "cpu": took[1], "peak_gb": peak}), flush=True)


if __name__ == "__main__":
    main()
