"""Starting up: what must stand before the server is ready, and the history that fills in after.

Ready is: the sample, both grades of every day, and the newest day of every kind that can be said
before the days that precede it. The rest follows in processes beside the server, at most two at a
time, a room after those it reads. All of it is skipped where it stands, so a killed start goes on
where it was.
"""

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from assay import grades, markets
from assay.cli.context import Context
from assay.cli.rooms import (
    GRADED,
    ROOMS,
    Room,
    check_owed,
    list_needs,
    list_prompt,
    publish_newest,
)
from assay.kit.errors import AssayError
from assay.kit.progress import Progress, parse_line

PROCESSES = 2
_KIND_OF_PARENT = grades.GradeKind.TRADER
_LOWER_PRIORITY = 5


def ensure_sample(context: Context) -> None:
    """Load the bundled market into an empty home; returns at once when there is one."""
    markets.ensure_ready(context.home, context.clock, context.progress)


def prepare(context: Context) -> None:
    """What must stand before the server is ready.

    The newest grades come before a second process starts, so that kernels are compiled once.
    """
    ensure_sample(context)
    owed = list_ungraded(context)
    for done, kind in enumerate(owed):
        context.progress.step("Grading the newest day", done, len(owed))
        newest = grades.check_day(context.home, kind, None)
        grades.publish_missing(context.home, context.database, kind, context.clock, start=newest)
        context.progress.step("Grading the newest day", done + 1, len(owed))
    beside = [["--kind", kind.value] for kind in owed if kind is not _KIND_OF_PARENT]
    with work_beside(context, [*beside, *list_newest(context, frozenset())]):
        grades.publish_missing(
            context.home, context.database, _KIND_OF_PARENT, context.clock, context.progress
        )
    with work_beside(context, list_newest(context, GRADED)):
        publish_newest(context)


@contextlib.contextmanager
def work_beside(context: Context, wanted: Sequence[Sequence[str]]) -> Iterator[None]:
    """Run `assay backfill` with each of `wanted` in turn, in a process beside the block, and wait
    for the last. Raises AssayError where one fails.
    """
    failed = threading.Event()

    def work() -> None:
        for arguments in wanted:
            child = spawn(["backfill", *arguments, "--progress-lines"])
            follow(child, context.progress.step).join()
            if child.wait() != 0:
                failed.set()
                return

    helper = threading.Thread(target=work, daemon=True)
    helper.start()
    yield
    helper.join()
    if failed.is_set():
        raise AssayError("The back-fill failed.", hint="Its message stands above.")


def list_newest(context: Context, readable: frozenset[str]) -> list[list[str]]:
    """What to back-fill for the newest day of the rooms that lack it, read at most `readable`
    kinds, and go on from nothing of their own.
    """
    newest = markets.load_panel(context.home).complete_through.isoformat()
    prompt = {speaker.kind.name for speaker in list_prompt(context)}
    return [
        ["--kind", room.name, "--from", newest]
        for room in ROOMS
        if room.grade is None
        and room.kinds & prompt
        and all(
            readable.issuperset(speaker.reads) and not speaker.is_continuing
            for speaker in room.speakers
        )
    ]


def list_ungraded(context: Context) -> list[grades.GradeKind]:
    """The kinds of grades that lack days."""
    home, database = context.home, context.database
    return [kind for kind in grades.GradeKind if grades.list_owed(home, database, kind)]


def check_prepared(context: Context) -> bool:
    """True if what must stand before the server is ready does; False also where that cannot be
    told: preparing says why.
    """
    try:
        if markets.load_facts_version(context.home) is None:
            return False
        ensure_sample(context)
        return not list_ungraded(context) and not list_prompt(context)
    except (AssayError, OSError):
        return False


@dataclass
class Startup:
    """The processes beside the server: what they do, and how far they are.

    `on_change` is called when the server has become ready or cannot, and when all history stands.
    """

    context: Context
    on_change: Callable[[], None]
    url: str = ""
    is_ready: bool = False
    is_complete: bool = False
    failed: str = ""
    _news: dict[str, tuple[int, int]] = field(default_factory=dict)
    _children: list["subprocess.Popen[str]"] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def text(self) -> str:
        """One line for people who wait."""
        if self.failed:
            return f"{self.failed} failed; the terminal shows why."
        said = [f"{label}: {done} of {total}" for label, (done, total) in self._news.items()]
        return "; ".join(said) or "starting"

    @property
    def history(self) -> str:
        """What of the history is still being published; empty once all of it stands."""
        return "" if self.is_complete else self.text

    def start(self, progress: Progress) -> None:
        """Start the processes one after the other in a thread of their own."""
        threading.Thread(target=self._run, args=(progress,), daemon=True).start()

    def stop(self) -> None:
        """End the processes that are still running; what they have said stays."""
        for child in self._children:
            if child.poll() is None:
                child.terminate()

    def _run(self, progress: Progress) -> None:
        self.is_ready = check_prepared(self.context)
        if not self.is_ready:
            child = self._spawn(["prepare", "--progress-lines"])
            follow(child, self._listen(progress)).join()
            self.is_ready = child.wait() == 0
        self.failed = "" if self.is_ready else "Preparation"
        self._news = {}
        self.on_change()
        if self.is_ready:
            self._fill_history(progress)

    def _fill_history(self, progress: Progress) -> None:
        try:
            owed = [room for room in ROOMS if room.grade is None and check_owed(self.context, room)]
        except (AssayError, OSError) as error:
            self.failed = f"Looking for what is owed ({error})"
            return
        ended: queue.Queue[tuple[Room, int]] = queue.Queue()
        running: set[str] = set()
        waiting = list(owed)
        while waiting or running:
            unfinished = {room.name for room in waiting} | running
            for room in choose_next(waiting, unfinished, PROCESSES - len(running)):
                waiting.remove(room)
                running.add(room.name)
                child = self._spawn(["backfill", "--kind", room.name, "--progress-lines"])
                os.setpriority(os.PRIO_PROCESS, child.pid, _LOWER_PRIORITY)
                reader = follow(child, self._listen(progress))
                threading.Thread(
                    target=_await, args=(room, child, reader, ended), daemon=True
                ).start()
            room, code = ended.get()
            running.remove(room.name)
            if code != 0:
                self.failed = f"Publishing the history of {room.name}"
                return
        self.is_complete = True
        self.on_change()

    def _listen(self, progress: Progress) -> Callable[[str, int, int], None]:
        def step(label: str, done: int, total: int) -> None:
            # Two processes are listened to at a time, each in a thread of its own.
            with self._lock:
                news = {name: said for name, said in self._news.items() if name != label}
                self._news = news if done >= total else {**news, label: (done, total)}
                progress.step(label, done, total)

        return step

    def _spawn(self, arguments: list[str]) -> "subprocess.Popen[str]":
        child = spawn(arguments)
        self._children.append(child)
        return child


def choose_next(waiting: list[Room], unfinished: set[str], places: int) -> list[Room]:
    """The rooms that may start now: those that need nothing unfinished, as many as have a place."""
    ready = [room for room in waiting if not unfinished & {need.name for need in list_needs(room)}]
    return ready[:places]


def spawn(arguments: list[str]) -> "subprocess.Popen[str]":
    """One of our own commands in a process of its own; its progress comes on stdout."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own command
        [sys.executable, "-m", "assay", *arguments], stdout=subprocess.PIPE, text=True
    )


def follow(
    child: "subprocess.Popen[str]", step: Callable[[str, int, int], None]
) -> threading.Thread:
    """A thread that passes the progress of a process on until it ends."""

    def read() -> None:
        for line in child.stdout or ():
            news = parse_line(line)
            if news is not None:
                step(*news)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _await(
    room: Room,
    child: "subprocess.Popen[str]",
    reader: threading.Thread,
    ended: "queue.Queue[tuple[Room, int]]",
) -> None:
    reader.join()
    ended.put((room, child.wait()))
