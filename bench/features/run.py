"""30 indicators of 2,000 tokens x 2,000 days: Assay against TA-Lib, Polars, pandas and the memory.

    .bench-venv/bin/python bench/features/run.py [--rounds 7] [--json bench/results/features.json]

Every round runs every engine once, in a new order, in one process; the medians are compared. Wall
time is what the targets are about; CPU time is printed beside it because it suffers less from
neighbours. Memory is touched before each run, so that no engine pays for a virtual machine's host
finding pages it had taken back. pandas runs in the first two rounds only. Exits with 1 when a
target is missed.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
os.environ.setdefault("POLARS_MAX_THREADS", "2")

import numpy as np
from peers import PEERS, Market, build_market

from assay.factors import Bars, compute_indicators

TOKENS = DAYS = 2000
TAIL = 300
PANDAS_ROUNDS = 2
SETTLED_BYTES = 3 << 30
OURS = "Assay, 2 threads, float32"
NEWEST = "Assay, 300-bar tail, 1 thread"

Times = dict[str, list[tuple[float, float]]]


def list_engines(market: Market, bars: Bars) -> dict[str, Callable[[], object]]:
    engines: dict[str, Callable[[], object]] = {
        OURS: lambda: compute_indicators(bars, np.float32, parallel=True),
        "Assay, 2 threads, float64": lambda: compute_indicators(bars, np.float64, parallel=True),
        "Assay, 1 thread, float32": lambda: compute_indicators(bars, np.float32),
    }
    for name, compute in PEERS.items():
        engines[name] = lambda compute=compute: compute(market)
    return engines


def list_newest(market: Market, bars: Bars) -> dict[str, Callable[[], object]]:
    """The newest day alone; the tail is cut out of the panel inside the measured time."""

    def cut() -> Bars:
        fields = (bars.high, bars.low, bars.close, bars.volume)
        rows = (np.ascontiguousarray(field[:, -TAIL:]) for field in fields)
        return Bars(*rows, bars.market[-TAIL:].copy())

    small = build_market(np.random.default_rng(1), TOKENS, TAIL)
    return {
        NEWEST: lambda: compute_indicators(cut(), np.float32, since=TAIL - 1),
        "Assay, 300-bar tail, 2 threads": lambda: compute_indicators(
            cut(), np.float32, since=TAIL - 1, parallel=True
        ),
        "Assay, whole history, 1 thread": lambda: compute_indicators(
            bars, np.float32, since=DAYS - 1
        ),
        "Assay, whole history, 2 threads": lambda: compute_indicators(
            bars, np.float32, since=DAYS - 1, parallel=True
        ),
        "TA-Lib loop, 300-bar tail": lambda: PEERS["TA-Lib loop"](small),
        "Polars group_by, 300-bar tail": lambda: PEERS["Polars group_by"](small),
    }


def measure(engines: dict[str, Callable[[], object]], rounds: int, seed: int) -> Times:
    generator = np.random.default_rng(seed)
    times: Times = {name: [] for name in engines}
    for done in range(rounds):
        for index in generator.permutation(len(engines)):
            name = list(engines)[index]
            if name == "pandas groupby" and done >= PANDAS_ROUNDS:
                continue
            np.empty(SETTLED_BYTES, dtype=np.uint8).fill(1)
            wall, cpu = time.perf_counter(), time.process_time()
            result = engines[name]()
            times[name].append((time.perf_counter() - wall, time.process_time() - cpu))
            del result
        print(f"  round {done + 1} of {rounds}", file=sys.stderr, flush=True)
    return times


def print_table(title: str, times: Times, own: str) -> None:
    own_wall, own_cpu = (median(column) for column in zip(*times[own], strict=True))
    heads = ("wall ms", "best", "x ours", "CPU ms", "x ours")
    print(f"\n{title}\n{'':34s} " + " ".join(f"{head:>9s}" for head in heads))
    for name, pairs in sorted(times.items(), key=lambda item: median(w for w, _ in item[1])):
        walls, cpus = zip(*pairs, strict=True)
        wall, cpu = median(walls), median(cpus)
        print(
            f"{name:34s} {wall * 1e3:9.1f} {min(walls) * 1e3:9.1f} {wall / own_wall:9.2f} "
            f"{cpu * 1e3:9.1f} {cpu / own_cpu:9.2f}"
        )


def check_targets(full: Times, newest: Times) -> list[dict[str, object]]:
    wall = {name: median(w for w, _ in pairs) for name, pairs in (full | newest).items()}
    polars = min(wall["Polars over"], wall["Polars group_by"])
    rows = [
        ("full panel, times pandas", wall["pandas groupby"] / wall[OURS], ">=", 20.0),
        ("full panel, times the faster Polars", polars / wall[OURS], ">=", 8.0),
        ("full panel, share of TA-Lib's wall", wall[OURS] / wall["TA-Lib loop"], "<=", 0.4),
        ("full panel, times memory fill", wall[OURS] / wall["memory fill (limit)"], "<=", 5.0),
        ("newest day, ms", wall[NEWEST] * 1e3, "<=", 50.0),
    ]
    return [
        {
            "what": what,
            "value": round(value, 3),
            "target": f"{sign} {limit:g}",
            "met": value >= limit if sign == ">=" else value <= limit,
        }
        for what, value, sign, limit in rows
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, default=Path("bench/results/features.json"))
    options = parser.parse_args()
    market = build_market(np.random.default_rng(0), TOKENS, DAYS)
    bars = Bars(market.high, market.low, market.close, market.volume, market.market_level)
    load = os.getloadavg()[0]
    engines, short = list_engines(market, bars), list_newest(market, bars)
    for name, compute in (engines | short).items():
        if name.startswith("Assay"):
            compute()
    full = measure(engines, options.rounds, seed=2)
    newest = measure(short, 3 * options.rounds, seed=3)
    print_table(f"30 indicators, {TOKENS:,} tokens x {DAYS:,} days", full, OURS)
    print_table(f"30 indicators, {TOKENS:,} tokens, newest day", newest, NEWEST)
    targets = check_targets(full, newest)
    print(f"\nload average before: {load:.2f} on {os.cpu_count()} cores")
    for row in targets:
        verdict = "met   " if row["met"] else "MISSED"
        print(f"{verdict} {row['what']}: {row['value']} ({row['target']})")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "machine": {"processor": platform.processor(), "cores": os.cpu_count(), "load": load},
        "targets": targets,
        "seconds_wall_cpu": full | newest,
    }
    options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0 if all(row["met"] for row in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
