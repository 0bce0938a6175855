"""Keyed mode: who asks, may they, and is anything left of their plan. Pure ASGI.

`KeyedGuard` stands in front of everything declared and finds out who asks; `Admission` stands
behind it and takes the request off the plan, so that every answer to a known key says what is left.
"""

import hashlib
import hmac

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.accounts import Allowance, Holder
from assay.accounts.types import NOBODY, Verb
from assay.api.access import Access
from assay.api.addresses import HOLDER
from assay.api.credentials import read_cookie, read_keys
from assay.api.faces import find_face
from assay.api.forwarded import Proxies
from assay.api.guard import SAFE_METHODS, Hosts, asks_origin, check_origin, collect, refuse
from assay.api.problems import BadHost, ForbiddenOrigin, Misdirected
from assay.api.routing import FOUND, Entry, Found
from assay.api.state import ApiState
from assay.kit.errors import AssayError, Forbidden, KeyRequired, Unauthorized

TOKEN_PATH = "/v1/token"  # noqa: S105 - a path: its client credentials are no bearer's
SOCKETS = frozenset({"/v1/stream"})
"""Paths of WebSockets that ask themselves who is there."""
OTHER = "other"
"""The group of what matches no declared route."""


class KeyedGuard:
    """Answers 400, 401, 403 or 421 itself; everything else goes on with its principal."""

    def __init__(
        self,
        app: ASGIApp,
        state: ApiState,
        access: Access,
        hosts: Hosts,
        proxies: Proxies,
        origins: frozenset[bytes] = frozenset(),
    ) -> None:
        self.app = app
        self.state = state
        self.access = access
        self.hosts = hosts
        self.proxies = proxies
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or say why not."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        try:
            await self.check(scope)
        except AssayError as refusal:
            await refuse(refusal, self.state.faces, scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def check(self, scope: Scope) -> None:
        """Write who asks into the scope. Raises an AssayError for who may not pass."""
        headers = collect(scope)
        host = self._check_host(scope, headers)
        entry = find_entry(scope)
        method = scope.get("method", "GET")
        is_open = entry is not None and entry.is_open(method)
        face = find_face(self.state.faces, scope["path"])
        is_token = is_open and entry is not None and entry.template == TOKEN_PATH
        key = b"" if is_token else read_keys(headers, also_api_key=face is not None)
        cookie = read_cookie(headers, is_secure=scope["scheme"] in ("https", "wss"))
        session = await self.access.find(cookie) if cookie.startswith(b"as_") else None
        holder = session
        if key:
            holder = await self.access.find(key) if not key.startswith(b"as_") else None
            check_agreement(holder, session)
        elif scope["type"] == "websocket":
            holder = session = self._check_socket(headers, host, session)
        elif asks_origin(scope):
            refusal = check_origin(headers.get(b"origin", []), host)
            if refusal is not None:
                raise refusal
            if session is not None and not is_open and method not in SAFE_METHODS:
                check_csrf(headers, session)
        if holder is None and not is_open and not asks_itself(scope):
            raise KeyRequired(
                "This needs a key.", hint="Send it as `x-api-key` or `Authorization: Bearer`."
            )
        scope["assay.principal"] = NOBODY if holder is None else holder.principal
        scope[HOLDER] = holder

    def _check_socket(
        self, headers: dict[bytes, list[bytes]], host: bytes, session: Holder | None
    ) -> Holder | None:
        """The session that opens a WebSocket: a cookie counts only from a page of our own. Pages of
        the listed origins may open one too and say in it who they are.
        """
        origins = headers.get(b"origin", [])
        refusal = check_origin(origins, host)
        if refusal is None and origins:
            return session
        if refusal is not None and check_origin(origins, host, self.origins) is not None:
            raise refusal
        return None

    def _check_host(self, scope: Scope, headers: dict[bytes, list[bytes]]) -> bytes:
        hosts = headers.get(b"host", [])
        if len(hosts) != 1:
            raise BadHost(f"The request has {len(hosts)} Host headers instead of one.")
        host = self.proxies.resolve(scope, headers) or hosts[0]
        if not self.hosts.allows(host):
            raise Misdirected(
                "This server does not answer to that name.", hint="Add it to ASSAY_ALLOWED_HOSTS."
            )
        return host


def asks_itself(scope: Scope) -> bool:
    """True for a WebSocket that finds out after the handshake who is there."""
    return scope["type"] == "websocket" and scope["path"] in SOCKETS


def check_agreement(holder: Holder | None, session: Holder | None) -> None:
    """Raise Unauthorized for a key that nobody holds, or that is not the session's account's."""
    if holder is None:
        raise Unauthorized("The key is not known here.")
    if session is not None and session.principal.account_id != holder.principal.account_id:
        raise Unauthorized("The key and the session are not of one account.", hint="Send one.")


def check_csrf(headers: dict[bytes, list[bytes]], session: Holder) -> None:
    """Raise unless a write by cookie names its origin (checked before) and the CSRF token."""
    if not headers.get(b"origin"):
        raise ForbiddenOrigin("A write by cookie must say its Origin.")
    given = headers.get(b"x-csrf-token", [b""])
    digest = hashlib.sha256(given[0]).hexdigest()
    if len(given) != 1 or not hmac.compare_digest(digest, session.csrf_sha256):
        raise Forbidden(
            "The CSRF token is missing or wrong.", hint="Send X-CSRF-Token as sign-in gave it."
        )


def find_entry(scope: Scope) -> Entry | None:
    """The declared route that the request will run."""
    found = scope.get(FOUND)
    return found.get_entry(scope.get("method", "GET")) if isinstance(found, Found) else None


class Admission:
    """Takes a request off its plan before the declared route runs, and answers 429 and 403."""

    def __init__(self, app: ASGIApp, state: ApiState, access: Access) -> None:
        self.app = app
        self.state = state
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the declared route if the plan and the scopes allow it."""
        holder = scope.get(HOLDER)
        entry = find_entry(scope)
        is_counted = entry is None or entry.is_counted
        if scope["type"] != "http" or not isinstance(holder, Holder) or not is_counted:
            await self.app(scope, receive, send)
            return
        template, group = (entry.template, entry.group) if entry else ("", OTHER)
        is_free = entry is not None and entry.is_free(scope["method"])
        try:
            allowance = await self.access.admit(holder, template, group, is_free=is_free)
        except AssayError as refusal:
            self.state.stats.refuse(refusal.code)
            shown = self.access.allow(holder, template, is_free=is_free)
            sender = tell_limits(shown, send)
            await refuse(refusal, self.state.faces, scope, receive, sender)
            return
        send = tell_limits(allowance, send)
        try:
            check_verbs(holder, entry, scope)
        except AssayError as refusal:
            await refuse(refusal, self.state.faces, scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            cost = int(scope.get("assay.cost", 1))
            if cost > 1:
                allowance.charge(cost - 1)
                holder.used[group] = holder.used.get(group, 0) + cost - 1


def check_verbs(holder: Holder, entry: Entry | None, scope: Scope) -> None:
    """Raise Forbidden unless the credential may do everything that the route declares."""
    if entry is None or entry.is_open(scope["method"]):
        return
    for verb in entry.verbs:
        if not holder.principal.may(verb):
            raise forbid(verb)


def forbid(verb: Verb) -> Forbidden:
    """What is answered to a key that lacks a scope."""
    return Forbidden(
        f"This needs the scope `{verb}`.",
        hint="Use a key with that scope, of an account whose role allows it.",
    )


def tell_limits(allowance: Allowance, send: Send) -> Send:
    """A `send` that adds what is left of the plan to the answer."""

    async def send_limits(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message["headers"], *allowance.list_headers()]
            message = {**message, "headers": headers}
        await send(message)

    return send_limits
