"""Starting up: the sample, the shipped models and the back-fill, in processes beside the server."""

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from assay import grades, markets
from assay.cli.context import Context
from assay.kit.errors import AssayError
from assay.kit.progress import Progress, parse_line


def ensure_sample(context: Context) -> None:
    """Load the bundled market into an empty home; returns at once when there is one."""
    markets.ensure_ready(context.home, context.clock, context.progress)


def prepare(context: Context) -> None:
    """Everything a first start owes: sample, then both grades for every day of the window.

    The newest day of the first kind is graded before a second process starts, so that kernels are
    compiled once. Work already published is skipped, so a killed start goes on where it was.
    """
    ensure_sample(context)
    for kind in grades.GradeKind:
        newest = grades.check_day(context.home, kind, None)
        grades.publish_missing(context.home, context.database, kind, context.clock, start=newest)
    others = [kind for kind in grades.GradeKind if kind is not grades.GradeKind.TRADER]
    children = [_spawn(["backfill", "--kind", kind.value, "--progress-lines"]) for kind in others]
    readers = [_follow(child, context.progress.step) for child in children]
    grades.publish_missing(
        context.home, context.database, grades.GradeKind.TRADER, context.clock, context.progress
    )
    for child, reader in zip(children, readers, strict=True):
        reader.join()
        if child.wait() != 0:
            raise AssayError("The back-fill failed.", hint="Its message stands above.")


@dataclass
class Preparation:
    """A `prepare` process running beside the server: what it does, and whether it is done."""

    url: str = ""
    label: str = "starting"
    done: int = 0
    total: int = 0
    exit_code: int | None = None
    listeners: list[Callable[[], None]] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        """True once everything owed at a start is published."""
        return self.exit_code == 0

    @property
    def text(self) -> str:
        """One line for people who wait."""
        if self.exit_code not in (None, 0):
            return "Preparation failed; the terminal shows why."
        return f"{self.label}: {self.done} of {self.total}" if self.total else self.label

    def start(self, progress: Progress) -> None:
        """Start the process and keep hearing from it; calls the listeners when it ends."""
        child = _spawn(["prepare", "--progress-lines"])

        def step(label: str, done: int, total: int) -> None:
            self.label, self.done, self.total = label, done, total
            progress.step(label, done, total)

        reader = _follow(child, step)

        def wait() -> None:
            reader.join()
            self.exit_code = child.wait()
            for listener in self.listeners:
                listener()

        threading.Thread(target=wait, daemon=True).start()


def _spawn(arguments: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own command
        [sys.executable, "-m", "assay", *arguments], stdout=subprocess.PIPE, text=True
    )


def _follow(
    child: "subprocess.Popen[str]", step: Callable[[str, int, int], None]
) -> threading.Thread:
    def read() -> None:
        for line in child.stdout or ():
            news = parse_line(line)
            if news is not None:
                step(*news)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread
