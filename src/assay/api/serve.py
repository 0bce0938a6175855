"""Running the API on a socket. Open local mode listens on loopback only."""

import ipaddress
import socket
from collections.abc import Callable

import uvicorn

from assay.api.app import Application, create_app
from assay.api.ports import Grades, Markets
from assay.kit.clock import Clock
from assay.kit.errors import BadInput, Conflict
from assay.kit.home import Home
from assay.kit.settings import Settings

BACKLOG = 2_048
KEEP_ALIVE_S = 30
SHUTDOWN_S = 5


def check_host(host: str) -> str:
    """`host` if it is loopback. Raises BadInput for any other: there are no keys in this mode."""
    if host.lower() == "localhost":
        return host
    try:
        if ipaddress.ip_address(host.strip("[]")).is_loopback:
            return host.strip("[]")
    except ValueError:
        pass
    raise BadInput(
        f"Open local mode serves on loopback only, not on {host!r}: it asks nobody for a key.",
        hint="Set ASSAY_HOST to 127.0.0.1, ::1 or localhost.",
    )


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket. Raises Conflict when the address or port cannot be had."""
    address = "127.0.0.1" if host.lower() == "localhost" else host
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Conflict(
            f"Cannot listen on {address} port {port}: {error.strerror}.",
            hint="Stop what uses the port, or set ASSAY_PORT to another (0 picks a free one).",
        ) from error
    return listener


def name_url(listener: socket.socket) -> str:
    """The address that people open."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def create_server(app: Application, settings: Settings) -> uvicorn.Server:
    """uvicorn as we run it: uvloop, httptools, no access log (URLs stay out of logs)."""
    config = uvicorn.Config(
        app.front,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level=settings.log_level,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    return uvicorn.Server(config)


def serve(
    home: Home,
    settings: Settings,
    clock: Clock,
    *,
    grades: Grades,
    markets: Markets,
    is_ready: Callable[[], bool] = lambda: True,
    progress: Callable[[], str] = lambda: "",
    history: Callable[[], str] = lambda: "",
    on_listening: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve until interrupted. `on_listening` gets the address once connections are taken.

    Raises BadInput for an address that is not loopback and Conflict for a port that is taken,
    before anything else is opened.
    """
    listener = open_socket(check_host(settings.host), settings.port)
    try:
        app = create_app(
            home,
            clock,
            settings,
            grades=grades,
            markets=markets,
            is_ready=is_ready,
            progress=progress,
            history=history,
        )
        on_listening(name_url(listener))
        create_server(app, settings).run(sockets=[listener])
    finally:
        listener.close()
