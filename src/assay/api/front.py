"""The fast front: replays sealed answers before any routing happens.

The first request for an address always runs through the guard and the declared route; what that
route sealed is remembered for the present world (facts and publications) and replayed to requests
that pass the same checks. In keyed mode these are the key, its scopes and its plan, all in memory.
Everything else falls through: refusals, errors, writes, a header sent twice, cookies, a lease that
has run out. Memory is bounded; a new world starts empty.
"""

from collections import OrderedDict
from dataclasses import dataclass
from hmac import compare_digest
from time import perf_counter

from starlette.types import ASGIApp, Receive, Scope, Send

from assay.accounts import REF_LENGTH, Allowance, Holder
from assay.accounts.types import Verb
from assay.api.access import Access
from assay.api.forwarded import NAMES, Proxies
from assay.api.guard import Hosts, is_local_user
from assay.api.negotiation import choose_coding, takes_json
from assay.api.routing import RouteIndex
from assay.api.sealed import EMPTY_BODY, RECORDING, Recording, Sealed, matches_etag
from assay.api.security import HSTS
from assay.api.state import ApiState
from assay.api.whole import WHOLE, encode_head

LIMIT_BYTES = 64 * 1024 * 1024
LIMIT_MEMOS = 256
READ_ONLY = (Verb.READ,)

Key = tuple[str, bytes, bytes]
FREE = Allowance((), (), set())
"""Of requests that nobody counts: everybody's in open local mode, anybody's for open paths."""


@dataclass(slots=True)
class Page:
    """A remembered answer, and what the declared route says of who may have it."""

    sealed: Sealed
    template: str
    group: str
    is_open: bool
    head: bytes
    unchanged_head: bytes


class Front:
    """Outermost ASGI application. Costs a request it can replay a few dictionary look-ups.

    `may_write` is False where something around it changes what is sent.
    """

    def __init__(
        self,
        app: ASGIApp,
        state: ApiState,
        hosts: Hosts,
        index: RouteIndex,
        *,
        proxies: Proxies | None = None,
        may_write: bool = True,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        self.app = app
        self.state = state
        self.hosts = hosts
        self.index = index
        self.access = state.access
        self.proxies = proxies if proxies is not None and proxies.exist else None
        self.may_write = may_write
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self._world: object = None
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._codings: dict[tuple[bytes, bytes, bytes], bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Replay a sealed answer, or run the declared way and remember what it sealed."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        began = perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        coding = self._choose(headers, scope)
        if not coding:
            await self.app(scope, receive, send)
            return
        if self.state.world is not self._world:
            self._forget()
        key = (scope["path"], scope["query_string"], coding)
        page = self._pages.get(key)
        if page is None:
            await self._record(key, scope, receive, send)
            return
        allowance = self._admit(headers, page)
        if allowance is None:
            await self.app(scope, receive, send)
            return
        self._pages.move_to_end(key)
        wanted = headers.get(b"if-none-match")
        is_same = wanted is not None and matches_etag(wanted, page.sealed.etag)
        whole = scope.get(WHOLE) if self.may_write and scope["scheme"] == "http" else None
        if whole is None or not whole(
            page.unchanged_head if is_same else page.head,
            allowance.write_headers(),
            b"" if is_same else page.sealed.body["body"],
        ):
            await self._send(page.sealed, allowance, is_same, scope, send)
        status = 304 if is_same else 200
        self.state.stats.observe(page.template, "GET", status, perf_counter() - began)

    async def _send(
        self, sealed: Sealed, allowance: Allowance, is_same: bool, scope: Scope, send: Send
    ) -> None:
        """Send the answer as the messages of ASGI."""
        start = sealed.not_modified if is_same else sealed.start
        told = allowance.list_headers()
        if self.is_secure(scope) and not is_same:
            told.append(HSTS)
        await send({**start, "headers": start["headers"] + told} if told else start)
        await send(EMPTY_BODY if is_same else sealed.body)

    def is_secure(self, scope: Scope) -> bool:
        """True if the request came over https, also to a listed proxy in front."""
        if self.proxies is None:
            return bool(scope["scheme"] == "https")
        headers = dict(scope["headers"])
        forwarded = headers.get(b"x-forwarded-proto", scope["scheme"].encode())
        return forwarded == b"https" and self.proxies.is_forwarded(scope)

    def _choose(self, headers: dict[bytes, bytes], scope: Scope) -> bytes:
        """The coding of the answer; empty where the declared way must look at the request."""
        # With `api_key` the same address may mean another page, and it is checked elsewhere.
        if len(headers) != len(scope["headers"]) or b"api_key" in headers:
            return b""
        host = headers.get(b"host", b"")
        if self.proxies is not None and not NAMES.isdisjoint(headers):
            # What a proxy says is not encoded once for all: it may be https.
            scope.pop(WHOLE, None)
            if self.proxies.is_forwarded(scope):
                host = headers.get(b"x-forwarded-host", host)
        asked = (host, headers.get(b"accept-encoding", b""), headers.get(b"accept", b""))
        coding = self._codings.get(asked)
        return self._learn_coding(asked) if coding is None else coding

    def _admit(self, headers: dict[bytes, bytes], page: Page) -> Allowance | None:
        """The allowance from which one request was taken; None: that is not for here."""
        token = headers.get(b"x-api-key")
        bearer = headers.get(b"authorization")
        access = self.access
        if access is None:
            return FREE if is_local_user(bearer, token) else None
        if b"cookie" in headers:
            return None
        if bearer is not None:
            if token is not None or bearer[:7] != b"Bearer ":
                return None
            token = bearer[7:]
        if token is None:
            return FREE if page.is_open else None
        holder = access.holders.get(token[:REF_LENGTH])
        if holder is None:
            return None
        if holder.proven is None or not compare_digest(holder.proven, token):
            holder = access.get(token)
        return None if holder is None else spend(access, holder, page)

    def _forget(self) -> None:
        self._world = self.state.world
        self._pages.clear()
        self.size_bytes = 0

    def _learn_coding(self, asked: tuple[bytes, bytes, bytes]) -> bytes:
        if len(self._codings) >= LIMIT_MEMOS:
            self._codings.clear()
        host, coding, accepted = asked
        is_ours = self.hosts.allows(host) and takes_json(accepted)
        chosen = self._codings[asked] = choose_coding(coding) if is_ours else b""
        return chosen

    async def _record(self, key: Key, scope: Scope, receive: Receive, send: Send) -> None:
        world = self._world
        recording = Recording()
        scope[RECORDING] = recording
        await self.app(scope, receive, send)
        sealed = recording.sealed
        entry = self.index.find(key[0]).get_entry("GET")
        # What needs more than reading may say something of who asks.
        if sealed is None or entry is None or entry.verbs != READ_ONLY:
            return
        # A world that changed meanwhile may not be the one that was answered from.
        if self.state.world is not world or self._world is not world:
            return
        replaced = self._pages.pop(key, None)
        if replaced is not None:
            self.size_bytes -= weigh(key, replaced.sealed)
        self._pages[key] = Page(
            sealed,
            entry.template,
            entry.group,
            entry.is_open("GET"),
            encode_head(sealed.start),
            encode_head(sealed.not_modified),
        )
        self.size_bytes += weigh(key, sealed)
        while self.size_bytes > self.limit_bytes:
            oldest, page = self._pages.popitem(last=False)
            self.size_bytes -= weigh(oldest, page.sealed)


def spend(access: Access, holder: Holder, page: Page) -> Allowance | None:
    """The allowance of a credential after one request was taken from it; None: not for here."""
    allowance = holder.allowance
    if allowance is None or not holder.can_read:
        return None
    # What anybody may read draws on no quota, which the declared way knows.
    if page.is_open or page.template in holder.limited_routes:
        return None
    if allowance.ready <= 0 and not allowance.take_out():
        return None
    allowance.ready -= 1
    used, group = holder.used, page.group
    used[group] = used.get(group, 0) + 1
    if allowance.is_low:
        access.watch(allowance)
    return allowance


def weigh(key: Key, sealed: Sealed) -> int:
    """About how many bytes a remembered answer takes."""
    return len(key[0]) + len(key[1]) + sealed.size
