"""Finding the declared route of a path in constant time, and which routes need no key.

FastAPI looks through its routes one by one, nested routers twice. The index walks the path's
segments through a tree of the same declared routes instead, keeps their order of precedence, and
calls the chosen route's own `handle`, with its dependencies. A test compares the two for every
route.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from assay.accounts.types import Verb
from assay.api.own_files import load_pages

APP_PAGES: tuple[str, ...] = (
    "/",
    *(path for page in load_pages() for path in (f"/{page}", f"/{page}/{{item}}")),
)
"""What the web app answers."""
APP_PATHS: tuple[str, ...] = (*APP_PAGES, "/assets/{name}", "/app/{name}")
"""The web app and the files of all pages: one visit of a browser asks for a dozen."""
OPEN_PATHS: tuple[str, ...] = (
    *APP_PATHS,
    "/docs",
    "/errors",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/log/checkpoint",
    "/log/tile/entries/{tile}",
    "/log/tile/{level}/{tile}",
    "/log/verifier.py",
    "/log/{log}/checkpoint",
    "/log/{log}/tile/entries/{tile}",
    "/log/{log}/tile/{level}/{tile}",
    "/v1/log",
    "/v1/log/anchors",
    "/v1/log/checkpoints",
    "/v1/log/consistency",
    "/v1/publications/{publication_id}/header",
    "/v1/publications/{publication_id}/proof",
    "/v1/credentials/status/{list_number}",
    "/v1/credentials/types/{name}",
    "/.well-known/did.json",
    "/.well-known/jwt-vc-issuer",
    "/v1/plans",
    "POST /v1/token",
    "POST /v1/accounts",
    "POST /v1/session",
    "POST /v1/session/refresh",
    "POST /v1/session/wallet",
    "POST /v1/session/wallet/nonce",
    "POST /v1/session/reset",
    "POST /v1/session/reset/request",
    "/tokenmetrics/v2",
    "/tokenmetrics/v2/",
    "/tokenmetrics/v2/openapi.json",
    "/v2",
    "/v2/",
    "/v2/openapi.json",
)
"""Templates of the routes that are answered without a key, as they are declared; with a method in
front only that method. What matches no route needs a key too. Open local mode asks nobody.
"""
ROUTE = "assay.route"
FOUND = "assay.found"


@dataclass(slots=True, eq=False)
class Entry:
    """One declared route: its place in the order, template, methods, and what it needs."""

    order: int
    template: str
    methods: frozenset[str]
    verbs: tuple[Verb, ...]
    group: str
    context: RouteContext

    def is_open(self, method: str) -> bool:
        """True if this method of it is answered without a key."""
        return is_open(method, self.template)

    @property
    def is_counted(self) -> bool:
        """False for what draws on no limit of any plan."""
        return self.template not in _UNCOUNTED

    def is_free(self, method: str) -> bool:
        """True if it draws on no month's quota: what anybody may read, and one's own account."""
        return Verb.ACCOUNT in self.verbs or self.is_open(method)

    def match(self, path: str) -> dict[str, Any] | None:
        """The path parameters, None where a convertor does not take them."""
        read = self.context.path_regex.match(path)
        if read is None:
            return None
        convertors = self.context.param_convertors
        return {name: convertors[name].convert(text) for name, text in read.groupdict().items()}


@dataclass(frozen=True, slots=True)
class Found:
    """The routes that a path matches, in the order of their declaration."""

    matches: tuple[tuple[Entry, dict[str, Any]], ...] = ()

    def choose(self, method: str) -> tuple[Entry, dict[str, Any]] | None:
        """The first that has the method, else the first; None where nothing matches."""
        for pair in self.matches:
            if method in pair[0].methods:
                return pair
        return self.matches[0] if self.matches else None

    def get_entry(self, method: str) -> Entry | None:
        """The declared route for a method; HEAD is asked of GET."""
        chosen = self.choose("GET" if method == "HEAD" else method)
        return None if chosen is None else chosen[0]


@dataclass(slots=True)
class Node:
    """Where the segments so far have led: entries that end here, what may follow, and entries that
    take whatever follows.
    """

    children: dict[str, "Node"] = field(default_factory=dict)
    parameter: "Node | None" = None
    entries: list[Entry] = field(default_factory=list)
    deep: list[Entry] = field(default_factory=list)


NOTHING = Found()


class RouteIndex:
    """The declared routes by path."""

    def __init__(self, routes: Sequence[Any]) -> None:
        self.entries = [
            _describe(order, context)
            for order, context in enumerate(iter_route_contexts(routes))
            if isinstance(context.original_route, APIRoute)
        ]
        self._static: dict[str, list[Entry]] = {}
        self._root = Node()
        for entry in self.entries:
            self._add(entry)
        self._only_static = {
            path: Found(tuple((entry, {}) for entry in self._collect(path)))
            for path in self._static
            if all(entry.template == path for entry in self._collect(path))
        }

    def find(self, path: str) -> Found:
        """Every route that the path matches. A control character matches nothing."""
        known = self._only_static.get(path)
        if known is not None:
            return known
        if not path.isprintable():
            return NOTHING
        matched = [(entry, entry.match(path)) for entry in self._collect(path)]
        return Found(tuple((entry, values) for entry, values in matched if values is not None))

    def _add(self, entry: Entry) -> None:
        if "{" not in entry.template:
            self._static.setdefault(entry.template, []).append(entry)
        node = self._root
        for segment in (entry.context.path or "").split("/"):
            if ":" in segment:
                node.deep.append(entry)
                return
            if "{" in segment:
                node.parameter = node.parameter or Node()
                node = node.parameter
            else:
                node = node.children.setdefault(segment, Node())
        node.entries.append(entry)

    def _collect(self, path: str) -> list[Entry]:
        nodes = [self._root]
        deep: list[Entry] = []
        for segment in path.split("/"):
            for node in nodes:
                if node.deep:
                    deep += node.deep
            following = [node.children[segment] for node in nodes if segment in node.children]
            if segment:
                following += [node.parameter for node in nodes if node.parameter is not None]
            if not following:
                nodes = following
                break
            nodes = following
        found = [entry for node in nodes for entry in node.entries] + deep
        if len(found) > 1:
            found.sort(key=_order)
        return found


class IndexedRouter:
    """What FastAPI's middleware calls in place of its router: the index first, and the router
    itself for what is not HTTP or not a declared route.
    """

    def __init__(self, index: RouteIndex, router: ASGIApp) -> None:
        self.index = index
        self.router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the declared route. Raises HTTPException 404 or 405."""
        if scope["type"] != "http":
            await self.router(scope, receive, send)
            return
        found = scope.get(FOUND)
        if not isinstance(found, Found):
            found = self.index.find(scope["path"])
        chosen = found.choose(scope["method"])
        if chosen is None:
            raise HTTPException(404)
        entry, values = chosen
        if scope["method"] not in entry.methods:
            allowed = sorted({name for match, _ in found.matches for name in match.methods})
            raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
        context = entry.context
        route = context.original_route
        scope["endpoint"] = context.endpoint
        scope["path_params"] = values
        scope["route"] = route
        # An included route is handled in the context of its inclusion (prefix, dependencies),
        # which FastAPI hands over in the scope only.
        included = context._route_context
        if included is not None:
            scope.setdefault("fastapi", {})["effective_route_context"] = included
        await route.handle(scope, receive, send)


class Routed:
    """Finds the declared route first, so that the guard, the plan and the log know which it is."""

    def __init__(self, app: ASGIApp, index: RouteIndex) -> None:
        self.app = app
        self.index = index

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write into the scope what matches."""
        if scope["type"] == "http":
            found = scope[FOUND] = self.index.find(scope["path"])
            entry = found.get_entry(scope["method"])
            if entry is not None:
                scope[ROUTE] = entry.template
        await self.app(scope, receive, send)


def name_group(template: str) -> str:
    """The group of routes that a request is counted under: the noun after the version."""
    parts = [part for part in template.split("/") if part]
    if parts[:1] == ["v1"]:
        parts = parts[1:]
    return parts[0][:40] if parts else "pages"


def list_verbs(dependant: Dependant) -> tuple[Verb, ...]:
    """The verbs that a route's dependencies demand (`Depends(require(...))`)."""
    found = [verb] if isinstance(verb := getattr(dependant.call, "verb", None), Verb) else []
    for inner in dependant.dependencies:
        found += list_verbs(inner)
    return tuple(found)


def _describe(order: int, context: RouteContext) -> Entry:
    template = context.path_format or ""
    verbs = list_verbs(context.dependant)
    return Entry(
        order,
        template,
        frozenset(context.methods or ()),
        verbs or (Verb.READ,),
        name_group(template),
        context,
    )


def _order(entry: Entry) -> int:
    return entry.order


def is_open(method: str, template: str) -> bool:
    """True if this method of a path is answered without a key."""
    return template in _OPEN or f"{method} {template}" in _OPEN


_OPEN = frozenset(OPEN_PATHS)
_UNCOUNTED = frozenset(APP_PATHS)
