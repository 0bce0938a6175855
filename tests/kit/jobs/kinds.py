"""Kinds of jobs for tests, and a worker process that runs them: `python kinds.py HOME [URL]`."""

import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

import orjson
from pydantic import BaseModel, SecretStr

from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.kit.home import Home
from assay.kit.jobs import JobContext, JobFile, JobFiles, JobForm, JobKind
from assay.kit.jobs.worker import Worker

DEAD_AFTER_S = 3.0


class CountTo(BaseModel):
    """How far to count, and how long each number takes."""

    count: int
    pause_s: float = 0.0


def run_count(context: JobContext, parameters: CountTo) -> JobFiles:
    """Count; every number is written to the file `effects` once it is counted."""
    numbers = []
    for number in range(parameters.count):
        work = partial(_count, context, number)
        numbers.append(context.remember(f"number {number}", work))
        context.step("Counting", number + 1, parameters.count)
        time.sleep(parameters.pause_s)
    return {"document": JobFile("application/json", orjson.dumps({"numbers": numbers}))}


def _count(context: JobContext, number: int) -> int:
    with (context.home.path / "effects").open("a") as file:
        file.write(f"{number}\n")
    return number


def run_refusal(context: JobContext, parameters: CountTo) -> JobFiles:
    """Fail as a room does."""
    raise BadInput("Nobody can count that.", hint="Count something else.")


def run_defect(context: JobContext, parameters: CountTo) -> JobFiles:
    """Fail as a defect does."""
    raise ZeroDivisionError("secret of the defect")


def run_murder(context: JobContext, parameters: CountTo) -> JobFiles:
    """End the worker that runs it, as running out of memory does."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def run_hang(context: JobContext, parameters: CountTo) -> JobFiles:
    """Never end and never say so; begun again it says so at once."""
    if (context.home.path / "effects").exists():
        context.step("Counting", 0, 1)
    _count(context, 0)
    threading.Event().wait()
    raise AssertionError("unreachable")


KINDS = tuple(
    JobKind(JobForm(name, CountTo, "use", f"To {name}.", timeout_s=timeout_s), run)
    for name, run, timeout_s in (
        ("count", run_count, 60.0),
        ("refuse", run_refusal, 60.0),
        ("defect", run_defect, 60.0),
        ("murder", run_murder, 60.0),
        ("hang", run_hang, 1.0),
    )
)
FORMS = tuple(kind.form for kind in KINDS)


def main() -> None:
    """Work until SIGTERM."""
    url = SecretStr(sys.argv[2]) if len(sys.argv) > 2 else None
    home = Home(Path(sys.argv[1]), url)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    worker = Worker(
        home,
        Database(home),
        SystemClock(),
        KINDS,
        beat_s=0.5,
        dead_after_s=DEAD_AFTER_S,
        stuck_after_s=1.0,
    )
    worker.start()
    sys.stdout.write("working\n")
    sys.stdout.flush()
    stop.wait()
    worker.stop(10.0)
    os._exit(0)


if __name__ == "__main__":
    main()
