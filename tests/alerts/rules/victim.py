"""A process that watches, to be killed. It is forked off a server that has imported everything."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from pydantic import SecretStr
from tests.alerts.rules.worlds import START, say_price

from assay import alerts
from assay.kit.bus import MemoryBus
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.home import Home

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


@dataclass
class Victim:
    """`line` takes lists of (second, price); it answers `True` once all is written."""

    process: BaseProcess
    line: Connection

    def hear(self) -> bool:
        """Wait for the next answer."""
        return bool(self.line.recv())

    def kill(self) -> None:
        """As hard as can be."""
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        assert self.process.exitcode == -signal.SIGKILL


@contextmanager
def started(home: Home) -> Iterator[Victim]:
    """A victim; it ends by itself with the block, unless it was killed."""
    ours, theirs = _CONTEXT.Pipe()
    url = home.reveal_database_url() or ""
    process = _CONTEXT.Process(target=watch, args=(str(home.path), url, theirs))
    process.start()
    theirs.close()
    try:
        yield Victim(process, ours)
    finally:
        ours.close()
        process.join()
        process.close()


def watch(path: str, url: str, line: Connection) -> None:
    """The life of a victim: it answers when it has begun, and whenever what it was told of is
    written.
    """
    database = Database(Home(Path(path), SecretStr(url) if url else None))
    bus = MemoryBus(100_000)
    watcher = alerts.Watch(database, SystemClock(), bus, poll_s=0.02, lease_for_s=0.5)
    watcher.start()
    wait_until_settled(watcher, 0)
    line.send(True)
    said = 0
    while True:
        try:
            told = line.recv()
        except EOFError:
            break
        for second, value in told:
            say_price(bus, value, START + timedelta(seconds=second))
        said += len(told)
        wait_until_settled(watcher, said)
        line.send(True)
    watcher.stop()
    database.close()


def wait_until_settled(watcher: alerts.Watch, said: int) -> None:
    """Until all that was said is heard and written."""
    while watcher.figures.heard < said or not watcher.is_settled:
        time.sleep(0.002)
