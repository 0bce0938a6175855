"""A worker that carries jobs out idly: `python traced_worker.py HOME [RECEIVER OF TRACES]`."""

import os
import signal
import sys
import threading
from pathlib import Path

from pydantic import BaseModel

from assay.api import forms
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.jobs import JobContext, JobFile, JobFiles, JobKind
from assay.kit.jobs.worker import Worker
from assay.kit.telemetry import start_traces, stop_traces, watch_engine


def run(context: JobContext, parameters: BaseModel) -> JobFiles:
    context.step("Counting", 1, 1)
    return {"document": JobFile("application/json", b"{}")}


def main() -> None:
    home = Home(Path(sys.argv[1]))
    start_traces(sys.argv[2] if len(sys.argv) > 2 else None, "assay-worker")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database = Database(home)
    watch_engine(database.engine)
    kinds = [JobKind(form, run) for form in forms.FORMS]
    worker = Worker(home, database, SystemClock(), kinds, beat_s=0.5, dead_after_s=3.0)
    worker.start()
    stop.wait()
    worker.stop(5.0)
    stop_traces()
    os._exit(0)


if __name__ == "__main__":
    main()
