"""Saying how far long work is, on stderr, without the worker knowing who listens."""

import json
import sys
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress


class Progress(Protocol):
    """Anything that can be told how far a named piece of work is."""

    def step(self, label: str, done: int, total: int) -> None:
        """`done` of `total` units of `label` are finished; equal numbers end the label."""
        ...


class SilentProgress:
    """Hears everything, says nothing."""

    def step(self, label: str, done: int, total: int) -> None:
        """Ignore the news."""


class LineProgress:
    """One JSON line a step on stdout, for a parent process that reads `parse_line`."""

    def step(self, label: str, done: int, total: int) -> None:
        """Write the news in one piece."""
        line = json.dumps({"label": label, "done": done, "total": total})
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def parse_line(line: str) -> tuple[str, int, int] | None:
    """What `LineProgress` wrote as (label, done, total); None for anything else."""
    try:
        news = json.loads(line)
        return str(news["label"]), int(news["done"]), int(news["total"])
    except (ValueError, KeyError, TypeError):
        return None


class ConsoleProgress:
    """Bars on a terminal; on a pipe one line per label every tenth of the way."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bars: RichProgress | None = None
        self._tasks: dict[str, object] = {}
        self._tenths: dict[str, int] = {}

    def step(self, label: str, done: int, total: int) -> None:
        """Draw or print the news."""
        if self._console.is_terminal:
            self._draw(label, done, total)
            return
        tenth = 10 * done // total if total else 10
        if self._tenths.get(label) != tenth:
            self._tenths[label] = tenth
            sys.stderr.write(f"{label}: {done}/{total}\n")
            sys.stderr.flush()

    def close(self) -> None:
        """Leave the terminal as it was found."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
            self._tasks.clear()

    def _draw(self, label: str, done: int, total: int) -> None:
        if self._bars is None:
            self._bars = RichProgress(
                TextColumn("{task.description:<32}"),
                BarColumn(bar_width=32),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self._console,
            )
            self._bars.start()
        if label not in self._tasks:
            self._tasks[label] = self._bars.add_task(label, total=total)
        self._bars.update(self._tasks[label], completed=done, total=total)  # type: ignore[arg-type]
