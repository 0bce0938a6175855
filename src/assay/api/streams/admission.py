"""Who may open a stream, how many, and for how long: until what they showed stands no more.

In keyed mode a stream is opened with a key in a header, the cookie of a session from a page of our
own (the guard has looked at both), a key in the first message, or a ticket, which a key or a
session bought, is good once and for seconds, and so may stand in a URL.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from assay import accounts
from assay.accounts import Holder
from assay.accounts.types import LOCAL, Principal
from assay.api.streams.messages import Refusal
from assay.kit.errors import AssayError, BadInput, RateLimited, Unauthorized
from assay.kit.telemetry import redact

if TYPE_CHECKING:
    from assay.api.state import ApiState

AUTH_S: Final = 5.0
MOST_OUTSIDE: Final = 256
"""Connections that have not said yet who they are."""
MOST_CONNECTIONS: Final = 20_000
TEMPLATE: Final = "/v1/stream"
GROUP: Final = "stream"


@dataclass(frozen=True, slots=True)
class Credential:
    """Who asks, and by which credential; no `ref` in open local mode."""

    principal: Principal
    ref: bytes = b""


class Admission:
    """Counts the streams of this process and checks credentials."""

    def __init__(self, state: "ApiState") -> None:
        self._state = state
        self._open: Counter[str] = Counter()
        self._outside = 0

    @property
    def open(self) -> int:
        """Streams that are open."""
        return self._open.total()

    @contextlib.contextmanager
    def enter(self, principal: Principal) -> Iterator[None]:
        """Count a stream for the length of a block. Raises Refusal beyond what the plan allows."""
        account_id = principal.account_id
        self.check_room(principal)
        self._open[account_id] += 1
        try:
            yield
        finally:
            self._open[account_id] -= 1
            if not self._open[account_id]:
                del self._open[account_id]

    def check_room(self, principal: Principal) -> None:
        """Raises Refusal where no further stream may be opened."""
        most = principal.plan.streams
        if most is not None and self._open[principal.account_id] >= most:
            raise Refusal("too-many-connections", f"The plan's {most} streams are open.")
        if self.open >= MOST_CONNECTIONS:
            raise Refusal("too-many-connections", "This server has no room for another stream.")

    @contextlib.contextmanager
    def wait_outside(self, client: Any) -> Iterator[None]:  # noqa: ANN401 - of the scope
        """Count somebody unknown for the length of a block. Raises Refusal beyond the limits."""
        if self._outside >= MOST_OUTSIDE:
            raise Refusal("rate-limited", "Too many connections have not said who they are.")
        try:
            self._state.addresses.take(client[0] if client else "", monotonic())
        except RateLimited as error:
            raise Refusal("rate-limited", error.message) from None
        self._outside += 1
        try:
            yield
        finally:
            self._outside -= 1

    async def check_key(self, key: str) -> Credential:
        """Who holds a key or an access token. Raises Refusal; a session is no key."""
        access = self._state.access
        if access is None:
            raise TypeError("in open local mode nobody is asked for a key")
        shown = key.encode()
        holder = None if shown.startswith(b"as_") else await access.find(shown)
        if holder is None:
            raise Refusal("unauthorized", "The key is not known here.")
        return await self.admit(holder)

    async def redeem(self, ticket: str) -> Credential:
        """Who bought a ticket, which is used up. Raises Refusal."""
        state = self._state
        take = partial(accounts.redeem_ticket, state.database, state.clock, ticket)
        found = await state.read(take)
        if found is None:
            raise Refusal("unauthorized", "The ticket is unknown, used or expired.")
        if state.access is None:
            return Credential(LOCAL)
        holder = await state.access.recall(found.encode())
        if holder is None:
            raise Refusal("unauthorized", "What bought the ticket stands no more.")
        return await self.admit(holder)

    async def admit(self, holder: Holder) -> Credential:
        """Take a request off the plan. Raises Refusal."""
        access = self._state.access
        if access is not None:
            try:
                await access.admit(holder, TEMPLATE, GROUP)
            except RateLimited as error:
                raise Refusal("rate-limited", error.message) from None
        return Credential(holder.principal, holder.ref)


def read_ticket(query: bytes) -> str:
    """The ticket of a URL, empty for none. Raises BadInput for anything else there, and
    Unauthorized for what looks like a key: URLs are written into logs.
    """
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    if any(not value.startswith("tk_") and redact(value) != value for _, value in pairs):
        raise Unauthorized(
            "A key stands in the URL: it must be taken as stolen.",
            hint="Revoke it. Send keys in a header or in `auth`, or buy a ticket with them.",
        )
    if not pairs:
        return ""
    if len(pairs) > 1 or pairs[0][0] != "ticket":
        raise BadInput("The only parameter of a stream is `ticket`, once.")
    return pairs[0][1]


def refuse_as_error(refusal: Refusal) -> AssayError:
    """The refusal of an event stream, as a problem document says it."""
    kinds: dict[str, type[AssayError]] = {
        "too-many-connections": RateLimited,
        "rate-limited": RateLimited,
        "unauthorized": Unauthorized,
    }
    return kinds.get(refusal.code, BadInput)(refusal.detail)
