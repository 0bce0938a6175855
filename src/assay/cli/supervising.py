"""Several processes behind one listening socket, and one that looks after them.

The children inherit the socket: the kernel hands each connection to one of them, and what waits to
be accepted survives the death of any. A child that dies is started again, after pauses that double
while it keeps dying young. A child whose supervisor dies goes away in order (its stdin ends).
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from time import monotonic, sleep
from types import FrameType
from typing import TextIO

from assay.api import Draining, refuse_connections

TICK_S = 0.1
YOUNG_S = 5.0
LONGEST_PAUSE_S = 10.0
SLACK_S = 5.0


@dataclass(frozen=True, slots=True)
class News:
    """What the children must know of the publishing beside them."""

    is_ready: bool = False
    progress: str = ""
    history: str = ""
    is_draining: bool = False


@dataclass
class Follower:
    """The child's end: reads the news from `stream` in a thread.

    `draining` begins when told so; `on_end` is called when the supervisor is gone.
    """

    draining: Draining
    on_end: Callable[[], None]
    news: News = field(default_factory=News)

    def start(self, stream: TextIO) -> None:
        """Follow until the stream ends."""
        threading.Thread(target=self._follow, args=(stream,), daemon=True).start()

    def _follow(self, stream: TextIO) -> None:
        for line in stream:
            self.news = News(**json.loads(line))
            if self.news.is_draining:
                self.draining.begin()
        self.on_end()


@dataclass
class _Place:
    """One of the processes, whichever child fills it now."""

    number: int
    child: "subprocess.Popen[str] | None" = None
    started_at: float = 0.0
    young_deaths: int = 0
    is_mourned: bool = False
    told: News | None = None

    @property
    def is_running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def tell(self, news: News) -> None:
        """Write the news to the child if it has not heard them."""
        if self.child is None or self.child.stdin is None or self.told == news:
            return
        with contextlib.suppress(OSError):
            self.child.stdin.write(json.dumps(asdict(news)) + "\n")
            self.child.stdin.flush()
            self.told = news

    def close(self) -> None:
        """Let go of a dead child."""
        if self.child is not None and self.child.stdin is not None:
            with contextlib.suppress(OSError):
                self.child.stdin.close()


class Supervisor:
    """Keeps `count` children at work until SIGTERM or SIGINT, then lets them finish.

    `make_command` gives the command of the child with a number from 0; its arguments name the
    socket by its file descriptor.
    """

    def __init__(
        self,
        listener: socket.socket,
        make_command: Callable[[int], Sequence[str]],
        count: int,
        *,
        drain_s: float,
        stop_s: float,
        read_news: Callable[[], News] = lambda: News(is_ready=True),
        on_restart: Callable[[int, int], None] = lambda number, code: None,
    ) -> None:
        self.listener = listener
        self.make_command = make_command
        self.drain_s = drain_s
        self.stop_s = stop_s
        self.read_news = read_news
        self.on_restart = on_restart
        self.places = [_Place(number) for number in range(count)]
        self.is_stopping = False

    def run(self) -> None:
        """Supervise until told to stop; returns when the last child is gone."""
        with self._hearing_signals():
            try:
                while not self.is_stopping:
                    self._look()
                    sleep(TICK_S)
                self._drain()
            finally:
                self._end()

    @contextlib.contextmanager
    def _hearing_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        heard = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self._stop) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True

    def _look(self) -> None:
        news = self.read_news()
        for place in self.places:
            if not place.is_running and self._may_start(place):
                self._start(place)
            place.tell(news)

    def _may_start(self, place: _Place) -> bool:
        """At once, but later and later for one that keeps dying young."""
        if place.child is None:
            return True
        if not place.is_mourned:
            code = place.child.wait()
            lived_s = monotonic() - place.started_at
            place.young_deaths = place.young_deaths + 1 if lived_s < YOUNG_S else 0
            place.is_mourned = True
            place.close()
            self.on_restart(place.number, code)
        if place.young_deaths < 2:
            return True
        pause_s = min(LONGEST_PAUSE_S, 0.25 * 2.0**place.young_deaths)
        return monotonic() - place.started_at > pause_s

    def _start(self, place: _Place) -> None:
        # A session of its own: Ctrl-C in the terminal reaches only us, who stop it in order.
        place.child = subprocess.Popen(  # noqa: S603 - our own command
            self.make_command(place.number),
            stdin=subprocess.PIPE,
            text=True,
            pass_fds=(self.listener.fileno(),),
            start_new_session=True,
        )
        place.started_at, place.told, place.is_mourned = monotonic(), None, False

    def _drain(self) -> None:
        """/readyz of every child fails; later the socket takes no more connections."""
        news = self.read_news()
        for place in self.places:
            place.tell(News(news.is_ready, news.progress, news.history, is_draining=True))
        sleep(self.drain_s)
        refuse_connections(self.listener)

    def _end(self) -> None:
        """Ask each child to go, wait for those that finish something, kill who does not go."""
        for place in self.places:
            if place.child is not None and place.is_running:
                place.child.terminate()
        until = monotonic() + self.stop_s + SLACK_S
        for place in self.places:
            if place.child is None:
                continue
            try:
                place.child.wait(max(0.1, until - monotonic()))
            except subprocess.TimeoutExpired:
                place.child.kill()
                place.child.wait()
            place.close()
        self.listener.close()


def make_command(listener: socket.socket) -> Callable[[int], list[str]]:
    """How `assay serve` starts the child with a number."""
    base = [sys.executable, "-m", "assay", "serve-process", "--socket", str(listener.fileno())]
    return lambda number: [*base, "--number", str(number)]


def leave() -> None:
    """End this process as SIGTERM does: in order."""
    os.kill(os.getpid(), signal.SIGTERM)
