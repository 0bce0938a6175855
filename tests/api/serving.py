"""Runs an application on a real socket for the time of a test."""

import contextlib
import threading
from collections.abc import Iterator

from assay.api import Application
from assay.api.serve import name_url, open_socket
from assay.api.server import create_server


@contextlib.contextmanager
def running(app: Application, port: int = 0) -> Iterator[str]:
    """The address of the served application; it stops at the end of the block."""
    listener = open_socket("127.0.0.1", port)
    server = create_server(app.entry, app.state.settings, app.state.draining)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield name_url(listener)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
