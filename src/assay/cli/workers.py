"""Worker processes: the one that runs jobs, and the keeper that starts some beside the server."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assay.cli.context import Context

if TYPE_CHECKING:
    from assay.kit.jobs import JobKind
    from assay.kit.schedules import Timekeeper

log = logging.getLogger("assay.jobs")

GRACE_S = 20.0
_LOWER_PRIORITY = 5
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
_LOOK_S = 1.0
_RECORD_S = 60.0
_TURN_S = 5.0


def work(
    context: Context,
    kinds: "Sequence[JobKind]",
    on_start: Callable[[], None],
    parent: int | None = None,
) -> None:
    """Run jobs until SIGTERM or SIGINT, or until the process `parent` is gone; then hand back what
    runs and end the process.
    """
    from assay import ledger  # noqa: PLC0415 - only workers need these
    from assay.api import list_schedules  # noqa: PLC0415
    from assay.cli import retention  # noqa: PLC0415
    from assay.cli.lookout import Lookout  # noqa: PLC0415
    from assay.kit.bus import CHANGES, JOBS, open_bus  # noqa: PLC0415
    from assay.kit.jobs import Jobs  # noqa: PLC0415
    from assay.kit.jobs.worker import Worker  # noqa: PLC0415
    from assay.kit.schedules import Timekeeper  # noqa: PLC0415
    from assay.kit.telemetry import stop_traces, watch_engine  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    watch_engine(context.database.engine)
    bus = open_bus(context.settings)

    def clean() -> None:
        log.info("retention deleted %s", dict(retention.clean(*stores)))

    def announce(job_id: str) -> None:
        bus.publish(JOBS, job_id.encode())
        bus.publish(CHANGES)

    stores = (context.home, context.database, context.clock)
    worker = Worker(
        context.home,
        context.database,
        context.clock,
        kinds,
        announce=announce,
        chore=clean,
    )
    jobs = Jobs(context.home, context.database, context.clock, [kind.form for kind in kinds])
    planned = list_schedules(context.settings) if context.settings.schedules else []
    keeper = Timekeeper(context.database, context.clock, jobs, planned)
    lookout = Lookout(context.database, ledger.read_outside(context.settings), context.clock)
    worker.start()
    lookout.start()
    on_start()
    for chore, subject in ((keep_record, context), (keep_time, keeper)):
        threading.Thread(target=chore, args=(subject, stop), daemon=True).start()
    while not stop.wait(_LOOK_S):
        if parent is not None and os.getppid() != parent:
            break
    lookout.stop()
    worker.stop(GRACE_S)
    stop_traces()
    sys.stdout.flush()
    sys.stderr.flush()
    # A job that is still under way in a thread is another worker's now: nobody waits for it.
    os._exit(0)


def keep_record(context: Context, stop: threading.Event, every_s: float = _RECORD_S) -> None:
    """Score what became known, until `stop`. Of several workers one does it and the others find
    nothing left; a failed run is logged and repeated.

    Only once nothing was said since the look before: a history that is being published is scored
    at its end, not beside it again and again.
    """
    from assay import ledger, track_record  # noqa: PLC0415 - only workers need them

    stores = (context.home, context.database)
    before = -1
    while not stop.wait(every_s):
        try:
            with context.database.read() as connection:
                now = ledger.load_version(connection)
            is_settled, before = now == before, now
            if is_settled and track_record.check_owed(*stores):
                made = track_record.update_record(*stores, context.clock)
                log.info("the track record scored %d publications", made.scored)
        except Exception:  # last resort of this thread: the next minute tries again
            log.exception("the track record could not be brought up to date")


def keep_time(keeper: "Timekeeper", stop: threading.Event, every_s: float = _TURN_S) -> None:
    """Queue what is due by itself, until `stop`; a failed look is logged and repeated."""
    while not stop.wait(every_s):
        try:
            keeper.run_due()
        except Exception:  # last resort of this thread: the next look tries again
            log.exception("the schedules could not be looked at")


class Keeper:
    """Keeps so many workers beside the server: one that ends is replaced, ever more slowly."""

    def __init__(self, count: int, command: Sequence[str] | None = None) -> None:
        own = [sys.executable, "-m", "assay", "worker", "--beside", str(os.getpid())]
        self._command = list(command or own)
        self._count = count
        self._children: list[subprocess.Popen[bytes]] = []
        self._is_stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    @property
    def pids(self) -> list[int]:
        """Of the workers that run."""
        with self._lock:
            return [child.pid for child in self._children if child.poll() is None]

    def start(self) -> None:
        """Start the workers; does nothing where they were started before."""
        if self._threads:
            return
        self._threads = [
            threading.Thread(target=self._keep, daemon=True) for _ in range(self._count)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, grace_s: float = GRACE_S + 5.0) -> None:
        """Let the workers hand back what they run and end; those that do not are killed."""
        self._is_stopping.set()
        with self._lock:
            children = list(self._children)
        for child in children:
            if child.poll() is None:
                child.terminate()
        for child in children:
            try:
                child.wait(grace_s)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _keep(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            child = self._spawn()
            if child is None:
                return
            try:
                # One that lived long had no trouble starting.
                child.wait(_LONGEST_PAUSE_S)
            except subprocess.TimeoutExpired:
                pause_s = _FIRST_PAUSE_S
                child.wait()
            if self._is_stopping.wait(pause_s):
                return
            pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s)

    def _spawn(self) -> "subprocess.Popen[bytes] | None":
        with self._lock:
            if self._is_stopping.is_set():
                return None
            self._children = [child for child in self._children if child.poll() is None]
            child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)  # noqa: S603 - ours
            self._children.append(child)
        os.setpriority(os.PRIO_PROCESS, child.pid, _LOWER_PRIORITY)
        return child
