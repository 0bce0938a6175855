"""Running the API on a socket. Open local mode listens on loopback only."""

import ipaddress
import socket
from collections.abc import Callable, Sequence

from assay.api.app import create_app
from assay.api.companions import OpenCompanion
from assay.api.draining import Draining
from assay.api.faces import Face
from assay.api.ports import Grades, Markets
from assay.api.server import BACKLOG, create_server
from assay.kit.clock import Clock
from assay.kit.errors import BadInput, Conflict
from assay.kit.home import Home
from assay.kit.settings import Settings
from assay.kit.telemetry import start_logs, start_traces, stop_traces


def check_host(settings: Settings) -> str:
    """The address to serve on. Raises BadInput for one that is not loopback, unless keys are asked
    for and it is said under which names the server is known.
    """
    host = settings.host.strip("[]")
    if host.lower() == "localhost":
        return host
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        if not settings.keys:
            raise _refuse(settings.host) from None
    if not settings.keys:
        raise _refuse(settings.host)
    if not settings.allowed_hosts.strip() and not settings.public_url:
        raise BadInput(
            f"To serve on {settings.host!r} it must be known under which names.",
            hint="Set ASSAY_ALLOWED_HOSTS, for example to api.example.com, or ASSAY_PUBLIC_URL.",
        )
    return host


def _refuse(host: str) -> BadInput:
    return BadInput(
        f"Open local mode serves on loopback only, not on {host!r}: it asks nobody for a key.",
        hint="Set ASSAY_HOST to 127.0.0.1, ::1 or localhost, or start with --keys.",
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
    sockets: Sequence[socket.socket] = (),
    draining: Draining | None = None,
    faces: Sequence[Face] = (),
    companions: Sequence[OpenCompanion] = (),
) -> None:
    """Serve until interrupted. `on_listening` gets the address once connections are taken.

    Raises BadInput for an address that is not loopback and Conflict for a port that is taken,
    before anything else is opened. With `sockets` it serves on those, which other processes may
    share, and opens none; `draining` may then begin before this process is told to stop.
    """
    is_alone = not sockets
    listeners = list(sockets) or [open_socket(check_host(settings), settings.port)]
    endpoint = settings.otlp_endpoint
    start_logs(settings.log_level, settings.log_format)
    start_traces(endpoint.get_secret_value() if endpoint else None, "assay-api")
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
            faces=faces,
            companions=companions,
        )
        app.state.draining = draining or app.state.draining
        on_listening(name_url(listeners[0]))
        server = create_server(app.entry, settings, app.state.draining, is_alone=is_alone)
        server.run(sockets=listeners)
    finally:
        stop_traces()
        for listener in listeners:
            listener.close()
