"""The back-tester against vectorbt and against reading the matrices once.

    .bench-venv/bin/python bench/backtest/run.py [--rounds 3] [--assets 20]

Synthetic random walks. vectorbt (its fastest engine) works in a process of its own and takes about
9 GB for the sweep over 20 assets; with less free memory the sweep shrinks to the assets that fit,
and the table says so. Every round runs everything once in a new order; medians are compared. Both
sides do the whole work, averages and signals included. A read of the matrices is timed ten at a
time, because a busy machine interrupts a run of 20 ms and not one of 2. Exits with 1 when a target
is missed.

Cost conventions. Crosses: fill at the close of the cross, price moved by the slippage, fee on the
moved amount; the same on both sides. Rebalancing: weights filled at the same close, sales first.
Ours charges fee + slippage on the dollars traded and scales all purchases alike where cash ends;
vectorbt moves the price, charges the fee on the moved amount (0.005 bp more), and fills purchases
one after another until the cash is gone.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path
from statistics import median

os.environ.setdefault("NUMBA_NUM_THREADS", "2")

import numba
import numpy as np

from assay.backtest import run_orders, run_weights, sweep_crosses

BARS, ASSETS = 3000, 20
TOKENS = DAYS = 2000
FIRST_WINDOW, LAST_WINDOW = 5, 50
FEE_BPS, SLIPPAGE_BPS, CAPITAL = 10.0, 5.0, 1_000_000
GB_FOR_ASSET = 0.45
READS = 10
PEER = Path(".bench-venv-backtest/bin/python")
OURS = {
    "sweep_returns": "sweep, returns",
    "sweep_details": "sweep, 4 figures",
    "rebalance": "rebalancing, floats",
    "orders": "rebalancing, whole cents",
    "read": f"both matrices read {READS} times",
}


@numba.njit(fastmath=True)
def read_both(first, second, times):
    total = 0.0
    for again in range(times):
        for row in range(first.shape[0]):
            for column in range(first.shape[1]):
                total += (first[row, column] + again) * second[row, column]
    return total


def create_walks(seed, bars, assets, volatility):
    steps = np.random.default_rng(seed).normal(0.0003, volatility, (bars, assets))
    steps[0] = 0.0
    return 100.0 * np.cumprod(1.0 + steps, axis=0)


def create_weights(seed, days, assets):
    """Slowly moving long-only weights, about half of them zero, adding up to 1."""
    steps = np.random.default_rng(seed).normal(0.0, 1.0, (days, assets))
    scores = np.cumsum(steps, axis=0) / np.sqrt(np.arange(1.0, days + 1.0))[:, None]
    weights = np.maximum(scores, 0.0)
    return weights / weights.sum(axis=1, keepdims=True)


def find_assets_that_fit(wanted):
    """Fewer assets than wanted where the memory for vectorbt is not there."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) / 1e6 - 2.0
            return max(1, min(wanted, int(free / GB_FOR_ASSET)))
    return wanted


class Peer:
    """vectorbt behind a pipe."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [PEER, Path(__file__).with_name("peer.py"), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.about = self.listen()
        self.peak_gb = 0.0

    def listen(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the vectorbt process died: out of memory?")
        return json.loads(line)

    def run(self, task):
        self.process.stdin.write(task + "\n")
        self.process.stdin.flush()
        answer = self.listen()
        self.peak_gb = answer["peak_gb"]
        return answer["wall"], answer["cpu"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def list_engines(walks, closes, weights, peer):
    pairs = np.array(list(combinations(range(FIRST_WINDOW, LAST_WINDOW + 1), 2)))
    costs = {"fee_bps": FEE_BPS, "slippage_bps": SLIPPAGE_BPS, "lag": 0}
    by_asset, prices, targets = (np.ascontiguousarray(x.T) for x in (walks, closes, weights))
    found = {}

    def timed(name, work):
        def run():
            wall, cpu = time.perf_counter(), time.process_time()
            found[name] = work()
            return time.perf_counter() - wall, time.process_time() - cpu

        return run

    def sweep(details):
        return sweep_crosses(
            by_asset, pairs[:, 0], pairs[:, 1], **costs, details=details, parallel=True
        )

    engines = {
        "sweep_returns": timed("sweep_returns", lambda: sweep(False)),
        "sweep_details": timed("sweep_details", lambda: sweep(True)),
        "rebalance": timed("rebalance", lambda: run_weights(prices, targets, **costs)),
        "orders": timed("orders", lambda: run_orders(prices, targets, **costs)),
        "read": timed("read", lambda: read_both(prices, targets, READS)),
    }
    for task in ("sweep_returns", "sweep_details", "rebalance"):
        engines[f"vectorbt {task}"] = lambda task=task: peer.run(task)
    return engines, found, len(pairs)


def measure(engines, rounds, seed):
    generator = np.random.default_rng(seed)
    times = {name: [] for name in engines}
    for name, run in engines.items():
        if not name.startswith("vectorbt"):
            run()
    for done in range(rounds):
        for index in generator.permutation(len(engines)):
            name = list(engines)[index]
            # Our runs take milliseconds: several in a row, so that one neighbour decides nothing.
            for _ in range(1 if name.startswith("vectorbt") else 7):
                times[name].append(engines[name]())
        print(f"  round {done + 1} of {rounds}", file=sys.stderr, flush=True)
    return times


def compare(found, folder):
    """Largest differences to vectorbt; a figure that is NaN on both sides is equal."""

    def differ(task, name, own):
        theirs = np.load(folder / f"peer_{task}_{name}.npy").reshape(own.shape)
        both = np.isnan(own) & np.isnan(theirs)
        return float(np.max(np.where(both, 0.0, np.abs(own - theirs))))

    details = found["sweep_details"]
    gaps = {
        "total_return": differ("sweep_returns", "total_return", found["sweep_returns"].total_return)
    }
    for name in ("sharpe", "max_drawdown", "trades"):
        gaps[name] = differ("sweep_details", name, getattr(details, name))
    theirs = np.load(folder / "peer_rebalance_equity.npy").ravel() / CAPITAL
    gaps["equity"] = float(np.max(np.abs(found["rebalance"].equity / theirs - 1.0)))
    exact = found["orders"].equity / (CAPITAL * 1e8)
    gaps["equity, whole cents"] = float(np.max(np.abs(exact / theirs - 1.0)))
    return gaps


def check_targets(times, gaps):
    wall = {name: median(w for w, _ in pairs) for name, pairs in times.items()}
    speed = {
        task: wall[f"vectorbt {task}"] / wall[task]
        for task in ("sweep_returns", "sweep_details", "rebalance")
    }
    figures = max(gaps[name] for name in ("total_return", "sharpe", "max_drawdown", "trades"))
    equity = max(gaps["equity"], gaps["equity, whole cents"])
    rows = [
        ("sweep, largest difference to vectorbt", figures, "<=", 1e-12),
        ("sweep, returns only, times vectorbt", speed["sweep_returns"], ">=", 100.0),
        ("sweep, 4 figures, times vectorbt", speed["sweep_details"], ">=", 200.0),
        ("rebalancing, largest relative difference of equity", equity, "<=", 1e-3),
        (
            "whole cents, times reading both matrices",
            READS * wall["orders"] / wall["read"],
            "<=",
            10.0,
        ),
        ("rebalancing in floats, times vectorbt", speed["rebalance"], ">=", 1.0),
    ]
    return [
        {
            "what": what,
            "value": float(f"{value:.4g}"),
            "target": f"{sign} {limit:g}",
            "met": bool(value >= limit if sign == ">=" else value <= limit),
        }
        for what, value, sign, limit in rows
    ]


def print_times(times, assets, sets):
    print(f"\nsweep: {sets:,} pairs x {assets} assets x {BARS:,} bars (synthetic)")
    print(f"rebalancing: {TOKENS:,} assets x {DAYS:,} days (synthetic)")
    print(f"{'':34s} {'wall ms':>10s} {'best':>10s} {'CPU ms':>10s}")
    for name, pairs in times.items():
        walls, cpus = zip(*pairs, strict=True)
        print(
            f"{OURS.get(name, name):34s} {median(walls) * 1e3:10.1f} {min(walls) * 1e3:10.1f} "
            f"{median(cpus) * 1e3:10.1f}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--assets", type=int, default=ASSETS)
    parser.add_argument("--json", type=Path, default=Path("bench/results/backtest.json"))
    options = parser.parse_args()
    assets, load = find_assets_that_fit(options.assets), os.getloadavg()[0]
    walks = create_walks(4, BARS, assets, 0.02)
    closes, weights = create_walks(1, DAYS, TOKENS, 0.04), create_weights(2, DAYS, TOKENS)
    settings = {
        "first_window": FIRST_WINDOW,
        "last_window": LAST_WINDOW,
        "fee": FEE_BPS / 1e4,
        "slippage": SLIPPAGE_BPS / 1e4,
        "capital": CAPITAL,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "settings.json").write_text(json.dumps(settings))
        for matrix, values in (("sweep_closes", walks), ("closes", closes), ("weights", weights)):
            np.save(folder / f"{matrix}.npy", values)
        peer = Peer(folder)
        engines, found, sets = list_engines(walks, closes, weights, peer)
        times = measure(engines, options.rounds, seed=3)
        peer.close()
        gaps = compare(found, folder)
    print_times(times, assets, sets)
    if assets < options.assets:
        print(f"free memory allowed {assets} of {options.assets} assets in the sweep")
    print(
        f"\nvectorbt {peer.about['vectorbt']}, engine {peer.about['engine']}, {peer.peak_gb:.1f} GB"
    )
    print(f"load average before: {load:.2f} on {os.cpu_count()} cores")
    for name, gap in gaps.items():
        print(f"difference {name}: {gap:.2g}")
    targets = check_targets(times, gaps)
    for row in targets:
        verdict = "met   " if row["met"] else "MISSED"
        print(f"{verdict} {row['what']}: {row['value']} ({row['target']})")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "machine": {"processor": platform.processor(), "cores": os.cpu_count(), "load": load},
        "assets": assets,
        "vectorbt": peer.about | {"peak_gb": peer.peak_gb},
        "differences": gaps,
        "targets": targets,
        "seconds_wall_cpu": times,
    }
    options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0 if all(row["met"] for row in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
