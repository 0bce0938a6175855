"""`Idempotency-Key` on every POST (draft-ietf-httpapi-idempotency-key-header): a request that is
sent again is answered again, not done again.

Stands between guard and routes: who asks is known, nothing has been done. A key belongs to the
account; the same key with another body, path or other rights is refused. What is asked without an
account (sign-up, sign-in) passes by.
"""

import asyncio
import hashlib
import logging
import re
import time
from contextvars import ContextVar
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.accounts.types import NOBODY, Principal
from assay.api.faces import find_face
from assay.api.problems import describe_problem
from assay.api.state import ApiState
from assay.kit import idempotency
from assay.kit.database import BEFORE_COMMIT
from assay.kit.errors import AssayError, BadInput
from assay.kit.idempotency import Answer, Hold

HEADER: Final = b"idempotency-key"
REPLAYED: Final = (b"idempotency-replayed", b"true")
LARGEST_ANSWER = 1024 * 1024
CLEAN_EVERY_S = 600.0

HOLD: ContextVar[Hold | None] = ContextVar("assay.idempotent_hold", default=None)
"""The try that the present request is, where it came with a key. A handler that knows its answer
before it writes sets `answer`, so that both commit together.
"""

_PASSING = frozenset({401, 403, 408, 409, 425, 429})
"""Refusals that may be different next time; 5xx are too."""
_KEY = re.compile(r"[\x21-\x7e]{16,255}")
log = logging.getLogger("assay.api")


class Idempotent:
    """Answers a repeated POST from its record; everything else goes on."""

    def __init__(self, app: ASGIApp, state: ApiState) -> None:
        self.app = app
        self.state = state
        self._cleaned_at = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request, or repeat its answer."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        values = [value for name, value in scope["headers"] if name == HEADER]
        principal = scope.get("assay.principal", NOBODY)
        # Who signs up or in has no account yet to keep a record under.
        if not values or principal.account_id == NOBODY.account_id:
            await self.app(scope, receive, send)
            return
        try:
            key = parse_key(values)
            body = await _read(receive)
            if body is None:
                return
            account_id = str(principal.account_id)
            fingerprint = compute_fingerprint(scope, principal, body)
            found = await self.state.read(self._begin, account_id, key, fingerprint)
        except AssayError as refusal:
            await self._refuse(refusal, scope, receive, send)
            return
        if isinstance(found, Answer):
            await _repeat(found, send)
        else:
            await self._run(found, scope, _replay(body, receive), send)

    def _begin(self, account_id: str, key: str, fingerprint: str) -> Hold | Answer:
        now = self.state.clock.now()
        with self.state.database.write() as connection:
            if time.monotonic() - self._cleaned_at >= CLEAN_EVERY_S:
                self._cleaned_at = time.monotonic()
                idempotency.delete_old(connection, now)
            return idempotency.begin(connection, account_id, key, fingerprint, now)

    async def _run(self, hold: Hold, scope: Scope, receive: Receive, send: Send) -> None:
        heard = Heard(send)
        mark = BEFORE_COMMIT.set(hold.apply)
        held = HOLD.set(hold)
        try:
            await self.app(scope, receive, heard)
        finally:
            BEFORE_COMMIT.reset(mark)
            HOLD.reset(held)
            # Even where the client left or the time is up: the record must not stay open.
            await asyncio.shield(self._settle(hold, heard.answer))

    async def _settle(self, hold: Hold, answer: Answer | None) -> None:
        is_lasting = answer is not None and answer.status < 500 and answer.status not in _PASSING
        try:
            await self.state.read(self._save, hold, answer, is_lasting)
        except AssayError:
            log.exception("the answer to a repeatable request could not be stored")

    def _save(self, hold: Hold, answer: Answer | None, is_lasting: bool) -> None:
        with self.state.database.write() as connection:
            hold.settle(connection, answer, is_lasting=is_lasting)

    async def _refuse(
        self, refusal: AssayError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        face = find_face(self.state.faces, scope["path"])
        response = face.describe_error(refusal) if face else describe_problem(refusal)
        await response(scope, receive, send)


class Heard:
    """Sends an answer on and keeps a copy; `answer` is None until it is complete, and for one that
    is too large to keep.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self.answer: Answer | None = None

    async def __call__(self, message: Message) -> None:
        """Send a message on."""
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            self._hear(message, self._start)
        await self._send(message)

    def _hear(self, message: Message, start: Message) -> None:
        part = message.get("body", b"")
        self._size += len(part)
        if self._size > LARGEST_ANSWER:
            self._parts.clear()
            return
        self._parts.append(bytes(part))
        if not message.get("more_body", False):
            headers = [(bytes(name), bytes(value)) for name, value in start["headers"]]
            self.answer = Answer(start["status"], headers, b"".join(self._parts))


def parse_key(values: list[bytes]) -> str:
    """The key of a request: a string in quotation marks as the draft says, or without them.
    Raises BadInput.
    """
    text = values[0].decode("latin-1").strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if len(values) != 1 or not _KEY.fullmatch(text):
        raise BadInput(
            "The Idempotency-Key is not one string of 16 to 255 visible characters.",
            hint="Take a random UUID for every request.",
        )
    return text


def compute_fingerprint(scope: Scope, principal: Principal, body: bytes) -> str:
    """A digest of what is asked and of what the asker may do: another key of the same account must
    not be told what a more powerful one was.
    """
    types = [value for name, value in scope["headers"] if name == b"content-type"]
    rights = ",".join(sorted(principal.scopes)).encode() + principal.role.encode()
    parts = [scope["path"].encode(), scope["query_string"], b",".join(types), rights, body]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


async def _read(receive: Receive) -> bytes | None:
    """The whole body, which `limits` has weighed; None if the client left."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


async def _repeat(answer: Answer, send: Send) -> None:
    headers = [*answer.headers, REPLAYED]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
