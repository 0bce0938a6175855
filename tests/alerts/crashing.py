"""A deliverer that is killed again and again, between two receivers that count."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import numpy as np
from tests.alerts.office import open_office
from tests.alerts.receivers import MailServer, Sink, open_mail_server, open_sink, wait_until

from assay.kit.home import Home

SCRIPT = Path(__file__).with_name("killed.py")


@dataclass(frozen=True)
class Outcome:
    """What became of `due` deliveries. `hits` are kills right before a receiver's answer."""

    due: int
    lost: int
    repeats: int
    interrupted: int
    kills: int
    hits: int


def deliver_under_fire(home: Home, messages: int, worst: int) -> Outcome:
    """Deliver messages to a webhook and by mail, killing at random moments and at the worst ones:
    `worst` times of each kind at most.
    """
    rng = np.random.default_rng(6)
    office = open_office(home)
    due = 2 * messages
    with open_sink() as sink, open_mail_server() as server, open_victim(home) as victim:
        ids = office.post(messages, office.add(sink.url), office.add(server.url))
        trap = Trap(victim, sink, server, worst)

        def has_taken(count: int) -> bool:
            victim.restart()
            return trap.count() >= count

        for number in range(1, worst + 1):
            wait_until(lambda number=number: has_taken(number))
            sleep(float(rng.uniform(0, 0.05)))
            victim.kill()

        while (done := office.count_delivered()) < due:
            victim.restart()
            wait_until(
                lambda done=done: has_taken(0) and office.count_delivered() > done, every_s=0.1
            )
        outcomes = [attempt.outcome for one in office.list() for attempt in one.attempts]
        found = Outcome(
            due=due,
            lost=len(set(ids) - set(sink.ids)) + len(set(ids) - set(server.ids)),
            repeats=trap.count() - due,
            interrupted=outcomes.count("interrupted"),
            kills=victim.kills,
            hits=trap.hits["before"] + trap.hits["mail"],
        )
    office.database.close()
    return found


class Victim:
    """A deliverer that is started again whenever it was killed."""

    def __init__(self, home: Home) -> None:
        command = [sys.executable, str(SCRIPT), str(home.path), home.reveal_database_url() or ""]
        self._forks = subprocess.Popen(command, stdin=-1, stdout=-1, text=True)
        self._lock = threading.Lock()
        self._pid = 0
        self.kills = 0
        assert self._read() == "ready"

    def _read(self) -> str:
        assert self._forks.stdout is not None
        return self._forks.stdout.readline().strip()

    def kill(self) -> bool:
        """End it as a crash would; False where it does not run."""
        with self._lock:
            if not self._pid:
                return False
            os.kill(self._pid, signal.SIGKILL)
            wait_until(self._is_gone)
            self._pid = 0
            self.kills += 1
            return True

    def _is_gone(self) -> bool:
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return True
        return False

    def restart(self) -> None:
        """Begin anew, if it was killed."""
        with self._lock:
            if not self._pid:
                assert self._forks.stdin is not None
                self._forks.stdin.write("go\n")
                self._forks.stdin.flush()
                self._pid = int(self._read())

    def end(self) -> None:
        """End all of it."""
        self.kill()
        self._forks.communicate()


@contextlib.contextmanager
def open_victim(home: Home) -> Iterator[Victim]:
    victim = Victim(home)
    try:
        yield victim
    finally:
        victim.end()


class Trap:
    """Kills when the receivers have taken a message: before they say so, or right after."""

    def __init__(self, victim: Victim, sink: Sink, server: MailServer, most: int) -> None:
        self._victim = victim
        self._most = most
        self._sink, self._server = sink, server
        self.hits = {"before": 0, "after": 0, "mail": 0}
        sink.on_taken = lambda: self._spring("before", 0)
        sink.on_answered = lambda: self._spring("after", 2)
        server.on_taken = lambda: self._spring("mail", 0)

    def count(self) -> int:
        """Messages that the receivers have taken."""
        return len(self._sink.taken) + len(self._server.mails)

    def _spring(self, word: str, turn: int) -> None:
        # Not every time, or nothing would ever arrive.
        if self.hits[word] < self._most and self.count() % 4 == turn and self._victim.kill():
            self.hits[word] += 1
