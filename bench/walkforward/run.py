"""The full walk-forward of each kind on the bundled sample: train 12 folds, grade, measure.

    .bench-venv/bin/python bench/walkforward/run.py

Runs `assay train`, `assay backfill` and `assay evaluate` in a home of its own. Targets for one
kind: 8 CPU-minutes, 3 GB (the permutation null apart). Prints the predictive figures beside theirs.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

CPU_S, MEMORY_GB = 480.0, 3.0
GOALS = {"trader": (0.14, 1.1, 0.11), "investor": (0.19, 1.2, 0.15)}


def run(home: Path, *arguments: str) -> float:
    """CPU seconds of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "assay", *arguments],
        env={**os.environ, "ASSAY_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    figures = {}
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        print(f"sample loaded  {run(home, 'tokens'):7.1f} CPU s")
        for kind, (ic, icir, residual) in GOALS.items():
            train = run(home, "train", "--kind", kind)
            grade = run(home, "backfill", "--kind", kind)
            target = home / f"{kind}.json"
            measure = run(home, "evaluate", "--kind", kind, "--json", str(target))
            report = json.loads(target.read_text())
            head, spread = report["lags"]["1"], report["quintiles"]
            whole = train + grade + measure
            print(
                f"{kind:<9} train {train:6.1f}, grade {grade:6.1f}, measure {measure:6.1f}: "
                f"{whole:6.1f} CPU s (target {CPU_S:.0f})\n"
                f"  rank IC {head['rank_ic_mean']:.4f} ({ic}), ICIR {head['icir']:.2f} ({icir}), "
                f"residual {report['residual_ic']:.4f} ({residual}), null distance "
                f"{report['permutation']['distance_sd']:.1f} sd (5), net Sharpe "
                f"{spread['net_sharpe']:.2f}, turnover {spread['turnover']:.0f}"
            )
            figures[kind] = {"cpu_s": whole, "rank_ic": head["rank_ic_mean"]}
            missed |= whole > CPU_S
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"peak memory of any process {peak:.2f} GB (target {MEMORY_GB})")
    Path("bench/results").mkdir(exist_ok=True)
    Path("bench/results/walkforward.json").write_text(json.dumps(figures))
    return int(missed or peak > MEMORY_GB)


if __name__ == "__main__":
    sys.exit(main())
