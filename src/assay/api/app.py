"""The application: declared routes, one error shape, guard, fast front, watcher."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence

from fastapi import Depends, FastAPI
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from assay.api.access import open_access
from assay.api.companions import OpenCompanion
from assay.api.description import describe_api
from assay.api.faces import Face
from assay.api.failures import add_handlers, check_names
from assay.api.forwarded import read_proxies
from assay.api.front import Front
from assay.api.guard import LOOPBACK_NAMES, Guard, Heads, Hosts, split_port
from assay.api.hearing import Announced, listen
from assay.api.idempotency import Idempotent
from assay.api.keyed import Admission, KeyedGuard
from assay.api.limits import Limited, read_limits
from assay.api.observe import Observed
from assay.api.ports import Grades, Markets
from assay.api.routes import (
    account,
    accounts,
    alerts,
    briefings,
    credentials,
    facts,
    grades,
    health,
    jobs,
    keys,
    live,
    metrics,
    pages,
    proofs,
    published,
    schedules,
    sectors,
    sessions,
    streams,
    tiles,
    tokens,
    track_record,
)
from assay.api.routing import IndexedRouter, Routed, RouteIndex
from assay.api.security import Cors, read_origins
from assay.api.state import ApiState, Word, World, load_word, load_world
from assay.api.streams.websocket import STREAM, StreamDoor
from assay.kit.bus import open_bus
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.moments import last_closed_day
from assay.kit.settings import Settings
from assay.kit.telemetry import watch_engine

POLL_S = 0.5
log = logging.getLogger("assay.api")


class Application:
    """The ASGI application. `declared` is the same without the fast front, for comparison."""

    def __init__(self, state: ApiState) -> None:
        self.state = state
        self.routes = build_routes(state)
        self.index = RouteIndex(self.routes.routes)
        router = self.routes.router
        router.middleware_stack = IndexedRouter(self.index, router.app)
        hosts = Hosts(LOOPBACK_NAMES | read_names(state.settings))
        origins = read_origins(state.settings.cors_origins)
        proxies = read_proxies(state.settings.trusted_proxies)
        inner: ASGIApp = Announced(Idempotent(self.routes, state), state)
        if state.access is None:
            guarded: ASGIApp = Guard(Heads(inner), hosts, state.faces, origins)
        else:
            admitted = Heads(Admission(inner, state, state.access))
            guarded = KeyedGuard(admitted, state, state.access, hosts, proxies, origins)
        limited = Limited(Routed(guarded, self.index), state, read_limits(state.settings))
        self.declared: ASGIApp = Observed(limited, state)
        self.front = Front(
            self.declared, state, hosts, self.index, proxies=proxies, may_write=not origins
        )
        self.entry: ASGIApp = Cors(self.front, origins) if origins else self.front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await self.entry(scope, receive, send)


def create_app(
    home: Home,
    clock: Clock,
    settings: Settings,
    *,
    grades: Grades,
    markets: Markets,
    is_ready: Callable[[], bool] = lambda: True,
    progress: Callable[[], str] = lambda: "",
    history: Callable[[], str] = lambda: "",
    faces: Sequence[Face] = (),
    companions: Sequence[OpenCompanion] = (),
) -> Application:
    """Assemble the API over a home, and the faces beside it. `is_ready` turns true once what must
    stand is published; `progress` says in a sentence how far that is, `history` how far the rest is
    (empty: it stands). `companions` run beside the answers.
    """
    database = Database(home)
    watch_engine(database.engine)
    empty = World(_no_word(clock), None)
    state = ApiState(
        home, clock, settings, database, grades, markets, is_ready, progress, history, world=empty
    )
    state.faces = tuple(faces)
    state.bus = open_bus(settings)
    # Not before: they speak on the bus and keep it.
    state.companions = [open_one(state) for open_one in companions]
    state.access = open_access(home, database, clock, settings) if settings.keys else None
    state.world = load_world(state, load_word(state))
    return Application(state)


def build_routes(state: ApiState) -> FastAPI:
    """Every declared route with its documentation and error shape."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watchers = [
            asyncio.create_task(work)
            for work in (watch_world(state), listen(state), state.streams.run())
        ]
        if state.access is not None:
            watchers.append(asyncio.create_task(state.access.watch_changes()))
        try:
            async with contextlib.AsyncExitStack() as begun:
                for companion in state.companions:
                    await asyncio.to_thread(companion.start)
                    begun.push_async_callback(asyncio.to_thread, companion.stop)
                yield
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            if state.access is not None:
                await state.access.close()
            state.close()

    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        # Its own would record refused input and run beside ours: see decision 0013.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.assay = state
    for router in (
        facts.router,
        grades.router,
        published.create_router(),
        accounts.router,
        account.router,
        sessions.router,
        keys.router,
        keys.plans,
        tokens.router,
        sectors.router,
        jobs.router,
        alerts.router,
        alerts.arriving,
        streams.router,
        schedules.router,
        live.router,
        track_record.router,
        proofs.router,
        tiles.router,
        credentials.public,
        credentials.router,
        credentials.well_known,
    ):
        app.include_router(router, dependencies=[Depends(check_names)])
    for router in (briefings.router, health.router, metrics.router, pages.router):
        app.include_router(router)
    app.router.routes.append(WebSocketRoute(STREAM, StreamDoor(state), name="stream"))
    for face in state.faces:
        app.include_router(face.router, prefix=face.prefix, include_in_schema=False)
    add_handlers(app)
    app.openapi = lambda: describe_api(app)  # type: ignore[method-assign]
    return app


async def watch_world(state: ApiState, every_s: float = POLL_S) -> None:
    """Look for new publications and facts until cancelled; a failed look is logged and repeated."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await state.refresh()
        except Exception:  # last resort of this face: a failed look may not end the watching
            log.exception("the store could not be read; the last answers stay in force")


def _no_word(clock: Clock) -> Word:
    return Word(-1, None, last_closed_day(clock.now()))


def read_names(settings: Settings) -> frozenset[str]:
    """The names, besides those of loopback, that a Host header may say."""
    names = [*settings.allowed_hosts.split(","), _name(settings)] if settings.keys else []
    if settings.tokenmetrics_root:
        # Their clients reach /v2 through a proxy under this name; nobody else can rebind it.
        names.append("api.tokenmetrics.com")
    return frozenset(name.strip().lower() for name in [*names, _authority(settings.host)] if name)


def _name(settings: Settings) -> str:
    """Under the public URL others look up who this installation is."""
    return split_port(settings.public_url.rpartition("//")[2])[0]


def _authority(host: str) -> str:
    return f"[{host}]" if ":" in host else host.lower()
