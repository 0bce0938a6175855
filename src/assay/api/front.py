"""The fast front: replays sealed answers before any routing happens.

The first request for an address always runs through the guard and the declared route; what that
route sealed is remembered for the present world (facts and publications) and replayed to requests
that pass the same checks. Everything else falls through: refusals, errors, writes, a header sent
twice. Memory is bounded; a new world starts empty.
"""

from collections import OrderedDict

from starlette.types import ASGIApp, Receive, Scope, Send

from assay.api.guard import Hosts, is_local_user
from assay.api.sealed import EMPTY_BODY, RECORDING, Recording, Sealed, choose_coding, matches_etag
from assay.api.state import ApiState

LIMIT_BYTES = 64 * 1024 * 1024
LIMIT_MEMOS = 256

Key = tuple[str, bytes, bytes]


class Front:
    """Outermost ASGI application. Costs a request it can replay a few dictionary look-ups."""

    def __init__(
        self, app: ASGIApp, state: ApiState, hosts: Hosts, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        self.app = app
        self.state = state
        self.hosts = hosts
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self._world: object = None
        self._pages: OrderedDict[Key, Sealed] = OrderedDict()
        self._known_hosts: set[bytes] = set()
        self._codings: dict[bytes, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Replay a sealed answer, or run the declared way and remember what it sealed."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        host, accepted = headers.get(b"host", b""), headers.get(b"accept-encoding", b"")
        if (
            len(headers) != len(scope["headers"])
            or (host not in self._known_hosts and not self._learn_host(host))
            or ((b"authorization" in headers or b"x-api-key" in headers) and not is_known(headers))
        ):
            await self.app(scope, receive, send)
            return
        if self.state.world is not self._world:
            self._forget()
        coding = self._codings.get(accepted) or self._learn_coding(accepted)
        key = (scope["path"], scope["query_string"], coding)
        sealed = self._pages.get(key)
        if sealed is None:
            await self._record(key, scope, receive, send)
            return
        self._pages.move_to_end(key)
        wanted = headers.get(b"if-none-match")
        if wanted and matches_etag(wanted, sealed.etag):
            await send(sealed.not_modified)
            await send(EMPTY_BODY)
        else:
            await send(sealed.start)
            await send(sealed.body)

    def _forget(self) -> None:
        self._world = self.state.world
        self._pages.clear()
        self.size_bytes = 0

    def _learn_coding(self, accepted: bytes) -> bytes:
        if len(self._codings) >= LIMIT_MEMOS:
            self._codings.clear()
        coding = self._codings[accepted] = choose_coding(accepted)
        return coding

    def _learn_host(self, host: bytes) -> bool:
        if not self.hosts.allows(host):
            return False
        if len(self._known_hosts) >= LIMIT_MEMOS:
            self._known_hosts.clear()
        self._known_hosts.add(host)
        return True

    async def _record(self, key: Key, scope: Scope, receive: Receive, send: Send) -> None:
        world = self._world
        recording = Recording()
        scope[RECORDING] = recording
        await self.app(scope, receive, send)
        sealed = recording.sealed
        # A world that changed meanwhile may not be the one that was answered from.
        if sealed is None or self.state.world is not world or self._world is not world:
            return
        replaced = self._pages.pop(key, None)
        if replaced is not None:
            self.size_bytes -= weigh(key, replaced)
        self._pages[key] = sealed
        self.size_bytes += weigh(key, sealed)
        while self.size_bytes > self.limit_bytes:
            self.size_bytes -= weigh(*self._pages.popitem(last=False))


def is_known(headers: dict[bytes, bytes]) -> bool:
    """True if the keys sent are those of the local user."""
    return is_local_user(headers.get(b"authorization"), headers.get(b"x-api-key"))


def weigh(key: Key, sealed: Sealed) -> int:
    """About how many bytes a remembered answer takes."""
    return len(key[0]) + len(key[1]) + sealed.size
