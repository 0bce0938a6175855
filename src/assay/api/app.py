"""The application: declared routes, one error shape, guard, fast front, watcher."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from assay.api.description import describe_api
from assay.api.front import Front
from assay.api.guard import LOOPBACK_NAMES, Guard, Heads, Hosts
from assay.api.ports import Grades, Markets
from assay.api.problems import MethodNotAllowed, Problem, describe_problem, suggest
from assay.api.routes import briefings, facts, grades, health, pages, published
from assay.api.state import ApiState, Word, World, load_word, load_world
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import AssayError, BadInput, NotFound
from assay.kit.home import Home
from assay.kit.moments import last_closed_day
from assay.kit.settings import Settings

POLL_S = 0.5
log = logging.getLogger("assay.api")


class Application:
    """The ASGI application. `declared` is the same without the fast front, for comparison."""

    def __init__(self, state: ApiState) -> None:
        self.state = state
        self.routes = build_routes(state)
        names = LOOPBACK_NAMES | {_authority(state.settings.host)}
        hosts = Hosts(frozenset(names))
        self.declared: ASGIApp = Guard(Heads(self.routes), hosts)
        self.front = Front(self.declared, state, hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        await self.front(scope, receive, send)


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
) -> Application:
    """Assemble the API over a home. `is_ready` turns true once what must stand is published;
    `progress` says in a sentence how far that is, `history` how far the rest is (empty: it stands).
    """
    database = Database(home)
    empty = World(_no_word(clock), None)
    state = ApiState(
        home, clock, settings, database, grades, markets, is_ready, progress, history, world=empty
    )
    state.world = load_world(state, load_word(state))
    return Application(state)


def build_routes(state: ApiState) -> FastAPI:
    """Every declared route with its documentation and error shape."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watcher = asyncio.create_task(watch_world(state))
        try:
            yield
        finally:
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher
            state.close()

    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.assay = state
    for router in (facts.router, grades.router, published.create_router()):
        app.include_router(router)
    for router in (briefings.router, health.router, pages.router):
        app.include_router(router)
    app.add_exception_handler(AssayError, handle_error)
    app.add_exception_handler(RequestValidationError, handle_invalid)
    app.add_exception_handler(HTTPException, handle_http)
    app.add_exception_handler(Exception, handle_unexpected)
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


async def handle_error(_: Request, error: Exception) -> Problem:
    """Answer an error of the family."""
    if not isinstance(error, AssayError):
        raise TypeError("registered for AssayError") from error
    if error.status >= 500 and not error.retryable:
        log.error("%s: %s", error.code, error)
    return describe_problem(error)


async def handle_invalid(request: Request, error: Exception) -> Problem:
    """Answer a request whose parameters FastAPI refused, naming each of them."""
    if not isinstance(error, RequestValidationError):
        raise TypeError("registered for RequestValidationError") from error
    known = list_parameters(request)
    errors = [
        describe_parameter(item["loc"], item["type"], item["msg"], known) for item in error.errors()
    ]
    detail = "; ".join(f"{item['parameter']}: {item['message']}" for item in errors)
    return describe_problem(BadInput(detail, hint="The parameters are described at /docs."), errors)


def list_parameters(request: Request) -> list[str]:
    """Names of the query parameters that the matched route knows."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return []
    names: list[str] = []
    for parameter in route.dependant.query_params:
        annotation = parameter.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = annotation.model_fields.items()
            names += [item.alias or name for name, item in fields]
    return names


def describe_parameter(
    location: Sequence[object], kind: str, message: str, known: Sequence[str]
) -> dict[str, str]:
    """One wrong parameter: where it stood, its name, what is wrong; its value is not repeated."""
    where, *path = [str(part) for part in location]
    name = path[0] if path else where
    message = message.removeprefix("Value error, ")
    if kind == "extra_forbidden":
        near = suggest(name, known, 1)
        message = "is not a parameter of this path"
        message += f"; did you mean {near[0]}?" if near else f" ({', '.join(known)})"
        name = name[:40]
    return {"where": where, "parameter": name, "message": message}


async def handle_http(_: Request, error: Exception) -> Problem:
    """Answer what the router refuses: an unknown path or a method that a path does not have."""
    if not isinstance(error, HTTPException):
        raise TypeError("registered for HTTPException") from error
    headers: list[tuple[bytes, bytes]] = []
    if error.status_code == MethodNotAllowed.status:
        # Every declared route answers GET, and `Heads` answers HEAD for each of them.
        headers = [(b"allow", b"GET, HEAD")]
        refusal: AssayError = MethodNotAllowed("This path does not answer to that method.")
    elif error.status_code == NotFound.status:
        refusal = NotFound("There is no such path.", hint="The paths are listed at /docs.")
    else:
        refusal = BadInput("The request could not be understood.")
    return describe_problem(refusal, headers=headers)


async def handle_unexpected(_: Request, error: Exception) -> Problem:
    """Answer a defect of ours without its internals; the server logs it."""
    return describe_problem(
        AssayError(
            "Something went wrong inside the server.", hint="The server's log has the cause."
        )
    )


def _no_word(clock: Clock) -> Word:
    return Word(-1, None, last_closed_day(clock.now()))


def _authority(host: str) -> str:
    return f"[{host}]" if ":" in host else host.lower()
