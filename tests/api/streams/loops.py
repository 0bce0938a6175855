"""Reaching into a server that runs in a thread of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from assay.api import Application
from assay.api.protocol import create_protocol
from assay.api.serve import name_url, open_socket
from assay.api.server import Server, create_server


def find_loop(app: Application) -> asyncio.AbstractEventLoop:
    """The event loop that a server runs the application in: that of its watching tasks."""
    loop = app.state.streams.loop
    assert loop is not None
    return loop


def run_in_loop(app: Application, work: Callable[[], Any]) -> Any:
    """What `work` answers, called within the server's event loop."""

    async def call() -> Any:
        return work()

    return asyncio.run_coroutine_threadsafe(call(), find_loop(app)).result(60.0)


@dataclass
class Serving:
    """A server that a test stops."""

    url: str
    server: Server
    thread: threading.Thread

    def stop(self) -> None:
        """Let it go away, and wait until it has."""
        self.server.should_exit = True
        self.thread.join()


@contextlib.contextmanager
def serving(app: Application, head_s: float | None = None) -> Iterator[Serving]:
    """Serve for the length of a block; with so much time for a head, and then no lifespan."""
    listener = open_socket("127.0.0.1", 0)
    server = create_server(app.entry, app.state.settings, app.state.draining)
    if head_s is not None:
        server.config.http = create_protocol(app.state.draining, head_s)
        server.config.lifespan = "off"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    found = Serving(name_url(listener), server, thread)
    try:
        yield found
    finally:
        found.stop()
        listener.close()
