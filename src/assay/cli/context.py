"""What every command needs: settings, home, clock, database, progress; and how it ends."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from assay.kit.clock import Clock, SystemClock
from assay.kit.database import Database
from assay.kit.errors import AssayError, BadInput
from assay.kit.home import Home
from assay.kit.progress import ConsoleProgress, LineProgress, Progress
from assay.kit.settings import Settings

out = Console()
err = Console(stderr=True)


class Stores(Protocol):
    """What a verb of a room needs: a command has it, and so has a job."""

    @property
    def home(self) -> Home:
        """The folder of all state."""
        ...

    @property
    def database(self) -> Database:
        """The database of that home."""
        ...

    @property
    def clock(self) -> Clock:
        """Tells the time."""
        ...


@dataclass(frozen=True)
class Context:
    """One run of the command line."""

    settings: Settings
    home: Home
    clock: Clock
    progress: Progress

    @cached_property
    def database(self) -> Database:
        """Opened on first use."""
        return Database(self.home)


def load_settings() -> Settings:
    """Settings from the environment. Raises BadInput that names the wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "ASSAY_" + "_".join(str(part) for part in first["loc"]).upper()
        raise BadInput(
            f"{name} is wrong: {first['msg']}.", hint="docs/settings.md lists every setting."
        ) from error


@contextmanager
def command(*, progress_lines: bool = False) -> Iterator[Context]:
    """Run a command's body; an AssayError becomes two plain lines and an exit code.

    2 says that the input must change, 1 that the machine or the store is at fault.
    """
    console = ConsoleProgress()
    try:
        settings = load_settings()
        home = Home(
            settings.home.expanduser().absolute(),
            settings.database_url,
            settings.public_url,
            settings.keys_passphrase_file,
        ).create()
        progress: Progress = LineProgress() if progress_lines else console
        yield Context(settings, home, SystemClock(), progress)
    except AssayError as error:
        console.close()
        _explain(error.message, error.hint)
        raise typer.Exit(2 if error.status in (404, 422) else 1) from error
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            # The reader of our output went away (`assay grades | head`): nothing is wrong.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        console.close()
        place = error.filename2 or error.filename or "a file"
        _explain(
            f"{place} cannot be used: {error.strerror or error}.",
            "Check that it is what you meant and that you may write there.",
        )
        raise typer.Exit(1) from error
    finally:
        console.close()


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Set by SIGINT or SIGTERM, so that what was started is stopped in order."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    yield stop


def _explain(message: str, hint: str) -> None:
    """Two plain lines. They repeat what was typed, which may look like markup."""
    err.print(f"[bold red]error[/] {escape(message)}", highlight=False, soft_wrap=True)
    if hint:
        err.print(f"      {escape(hint)}", highlight=False, soft_wrap=True)
