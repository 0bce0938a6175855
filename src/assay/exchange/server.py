"""The replay exchange on a socket: in a thread for tests and demos, or as a command.

with ReplayServer(speed=60) as exchange:
    client = ccxt.pro.binance(exchange.ccxt_config())
"""

import asyncio
import ipaddress
import math
import socket
import threading
from collections.abc import Callable, Collection, Coroutine, Iterable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import uvicorn

from assay.exchange.app import App
from assay.exchange.clients import build_ccxt_config
from assay.exchange.routes.control import describe_status
from assay.exchange.service.faults import Fault, parse_fault
from assay.exchange.service.pacing import Pacer
from assay.exchange.service.venue import Venue
from assay.exchange.sockets import CutProtocol, FramedProtocol, Server
from assay.exchange.sources.sample import load_recordings
from assay.exchange.types import STEP_MS, DepthSnapshot, Options, format_e8
from assay.kit.clock import Clock, SystemClock
from assay.kit.errors import BadInput, Conflict

BACKLOG: Final = 1_024
MAX_MESSAGE_BYTES: Final = 1024 * 1024
PING_S: Final = 20.0
PONG_S: Final = 60.0
MAX: Final = math.inf
"""The speed that is as fast as readers read."""

Book = tuple[int, list[tuple[str, str]], list[tuple[str, str]]]
Result = TypeVar("Result")


class ReplayServer:
    """One replay exchange. Two with different names, fees and delays may run side by side.

    `speed` 1 is real time, `MAX` as fast as readers read, 0 stands still until `advance`. Fees are
    in basis points; `delay_ms` is how late an answer comes. `faults` are written as
    `service/faults.py` says. Key and secret are made anew where none is given.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        name: str = "replay",
        speed: float = 1.0,
        pairs: Collection[str] | None = None,
        fee_maker_bps: float = 10.0,
        fee_taker_bps: float = 10.0,
        delay_ms: int = 0,
        seed: int = 0,
        offset_bps: float = 0.0,
        noise_bps: float = 0.0,
        start_ms: int | None = None,
        loop: bool = False,
        faults: Iterable[str | Fault] = (),
        api_key: str | None = None,
        api_secret: str | None = None,
        clock: Clock | None = None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Raises BadInput for options that cannot be; nothing is opened yet."""
        _check_host(host)
        options = Options(
            name=_check_name(name),
            seed=seed,
            maker_fee_ppm=_read_fee("maker", fee_maker_bps),
            taker_fee_ppm=_read_fee("taker", fee_taker_bps),
            offset_bps=offset_bps,
            noise_bps=noise_bps,
            delay_ms=_check_range("delay", delay_ms, 0, 60_000),
        )
        if math.isnan(speed) or speed < 0 or MAX > speed > 10_000:
            raise BadInput(f"The speed {speed} cannot be.", hint="Use 0 to 10000, or max.")
        self._host, self._port = host, port
        self._speed = speed
        self._say = say
        self._venue = Venue(
            load_recordings(pairs),
            options,
            clock or SystemClock(),
            api_key=api_key,
            api_secret=api_secret,
            start_ms=start_ms,
            loop=loop,
            speed="max" if math.isinf(speed) else speed,
            faults=[parse_fault(one) if isinstance(one, str) else one for one in faults],
        )
        self._pacer = Pacer(self._venue, speed, say)
        self._app = App(self._venue, self._pacer, self._begin, self._break)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._listener: socket.socket | None = None
        self._server: Server | None = None

    # Where it is and who may trade.

    @property
    def url(self) -> str:
        """`http://127.0.0.1:port`; REST is below it at `/api/v3`."""
        if self._listener is None:
            raise Conflict("The exchange does not listen.", hint="Start it first.")
        host, port = self._listener.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def websocket_url(self) -> str:
        """`ws://127.0.0.1:port`; streams are at `/ws` and `/stream`, orders at `/ws-api/v3`."""
        return "ws" + self.url.removeprefix("http")

    @property
    def api_key(self) -> str:
        """The account's API key."""
        return self._venue.keys.api_key

    @property
    def api_secret(self) -> str:
        """The account's secret."""
        return self._venue.keys.api_secret

    def ccxt_config(self, **options: object) -> dict[str, Any]:
        """What `ccxt.binance` (or its async or pro kind) is made with to trade here and only here:
        key, secret and every URL. `options` are added as they are.
        """
        return build_ccxt_config(self.url, self.api_key, self.api_secret) | options

    # Life.

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def listen(self) -> socket.socket:
        """Take the port. Raises Conflict where it cannot be had."""
        if self._listener is None:
            self._listener = _open_socket(self._host, self._port)
        return self._listener

    def start(self) -> None:
        """Serve in a thread of its own; returns once everything is answered without delay."""
        self._thread = threading.Thread(
            target=self._serve, args=(self.listen(),), name="replay-exchange", daemon=True
        )
        self._thread.start()
        self._started.wait()
        self._await(self._app.ready.wait())
        if self._failure is not None:
            self.stop()

    def run(self) -> None:
        """Serve in this thread until a signal ends it."""
        try:
            self._serve(self.listen())
        finally:
            self._close()
        self._raise_failure()

    def stop(self) -> None:
        """Hang up and free the port. Raises what broke the replay, if something did."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self._close()
        self._raise_failure()

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _serve(self, listener: socket.socket) -> None:
        config = uvicorn.Config(
            self._app,
            loop="auto",
            http=CutProtocol,
            ws=FramedProtocol,
            ws_per_message_deflate=False,
            ws_max_size=MAX_MESSAGE_BYTES,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PONG_S,
            lifespan="on",
            log_config=None,
            log_level=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=1,
        )
        self._server = Server(config)
        try:
            self._server.run(sockets=[listener])
        finally:
            self._started.set()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._started.set()

    def _break(self, error: BaseException) -> None:
        self._failure = error
        if self._server is not None:
            self._server.should_exit = True

    # The replay, from any other thread.

    def _call(self, work: Callable[[], Result]) -> Result:
        """Do something on the exchange's own event loop and wait for it."""

        async def carry_out() -> Result:
            return work()

        return self._await(carry_out())

    def _await(self, work: Coroutine[Any, Any, Result]) -> Result:
        if self._loop is None or self._server is None or self._server.should_exit:
            work.close()
            raise Conflict("The exchange does not run.", hint="Use it inside its with block.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @property
    def now_ms(self) -> int:
        """The moment of the replay."""
        return self._venue.now_ms

    @property
    def is_ended(self) -> bool:
        """True once the recording is over."""
        return self._venue.is_ended

    @property
    def counts(self) -> dict[str, int]:
        """What went over the wire since the start."""
        return dict(vars(self._venue.hub.counts))

    @property
    def status(self) -> dict[str, object]:
        """What `GET /assay/status` says."""
        return self._call(lambda: describe_status(self._venue))

    def advance(self, ms: int) -> None:
        """Move a replay that stands still (`speed=0`); returns when everything that happened was
        handed to the sockets. `ms` is a multiple of 100.
        """
        if ms < 0 or ms % STEP_MS:
            raise BadInput(f"{ms} ms is no whole number of steps of {STEP_MS} ms.")
        self._await(self._pacer.advance(ms // STEP_MS))

    def fault(self, fault: str | Fault) -> None:
        """Let something go wrong, now or as planned."""
        planned = parse_fault(fault) if isinstance(fault, str) else fault
        self._call(lambda: self._venue.add_fault(planned))

    def clear_faults(self) -> None:
        """End all faults."""
        self._call(self._venue.faults.clear)

    def limit_waiting(self, waiting_bytes: int) -> None:
        """Cut readers off once more than this waits for one."""
        self._venue.hub.max_waiting_bytes = waiting_bytes

    def disconnect_all(self) -> None:
        """Cut every WebSocket now."""
        self._call(self._venue.hub.cut)

    def book(self, symbol: str, levels: int = 5_000) -> Book:
        """(number of the last change, bids, asks) of a book now, best first, as strings."""
        depth: DepthSnapshot = self._call(lambda: self._venue.engine.get_depth(symbol, levels))
        bids, asks = (
            [(format_e8(price), format_e8(size)) for price, size in side]
            for side in (depth.bids, depth.asks)
        )
        return depth.last_id, bids, asks


def _check_host(host: str) -> None:
    """The account's key protects play money only: loopback, as open local mode."""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise BadInput(
            f"The replay exchange serves on loopback only, not on {host!r}.",
            hint="Use 127.0.0.1, ::1 or localhost.",
        )


def _check_name(name: str) -> str:
    if not (name.isascii() and name.replace("-", "").isalnum() and len(name) <= 32):
        raise BadInput(
            f"{name!r} cannot name an exchange.", hint="Use up to 32 letters, digits and dashes."
        )
    return name


def _read_fee(side: str, bps: float) -> int:
    """Parts per million. Raises BadInput for what is no fee."""
    if math.isnan(bps) or not 0 <= bps <= 1_000:
        raise BadInput(
            f"A {side} fee of {bps} basis points cannot be.", hint="Use 0 to 1000 (10 percent)."
        )
    return round(bps * 100)


def _check_range(what: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise BadInput(f"A {what} of {value} cannot be.", hint=f"Use {low} to {high}.")
    return value


def _open_socket(host: str, port: int) -> socket.socket:
    address = "127.0.0.1" if host == "localhost" else host.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else "there is no such port"
        raise Conflict(
            f"Cannot listen on {address} port {port}: {reason}.",
            hint="Stop what uses the port, or give another with --port (0 picks a free one).",
        ) from error
    return listener
