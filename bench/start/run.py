"""From a fresh clone to ready, and the second start; packages cached.

    python bench/start/run.py

Clones this repository, runs `make run` twice on a free port with a home of its own and waits for
its one line. Targets on 2 cores: 180 s, then 5 s. The first sign of life is timed too (10 s), and
when all history of all kinds stands.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIRST_S, SECOND_S, SIGN_S = 180.0, 5.0, 10.0


READY = re.compile(r"ready http://127\.0\.0\.1:\d+")
COMPLETE = re.compile("All history is published")


def time_start(clone: Path, home: Path) -> tuple[float, float, float]:
    """Seconds to the first sign of life, to ready, and until all history stands."""
    environment = {**os.environ, "ASSAY_HOME": str(home), "ASSAY_PORT": "0"}
    start = time.perf_counter()
    child = subprocess.Popen(
        ["make", "run"],
        cwd=clone,
        env=environment,
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    sign = ready = None
    for line in child.stdout or ():
        sign = sign or time.perf_counter() - start
        if READY.search(line):
            ready = time.perf_counter() - start
        if COMPLETE.search(line):
            break
    complete = time.perf_counter() - start
    os.killpg(child.pid, signal.SIGTERM)
    child.wait()
    return sign or complete, ready or complete, complete


def main() -> int:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        clone, home = Path(folder) / "clone", Path(folder) / "home"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        sign, first, complete = time_start(clone, home)
        _, second, _ = time_start(clone, home)
    print(f"first sign of life {sign:6.1f} s (target {SIGN_S:.0f})")
    print(f"fresh clone, ready {first:6.1f} s (target {FIRST_S:.0f})")
    print(f"all history stands {complete:6.1f} s")
    print(f"second start       {second:6.1f} s (target {SECOND_S:.0f})")
    (ROOT / "bench/results").mkdir(exist_ok=True)
    figures = {"sign_s": sign, "first_s": first, "complete_s": complete, "second_s": second}
    (ROOT / "bench/results/start.json").write_text(json.dumps(figures))
    return int(first > FIRST_S or second > SECOND_S or sign > SIGN_S)


if __name__ == "__main__":
    sys.exit(main())
