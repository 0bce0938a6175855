"""One call from its first try to its answer, as a conversation without a network. Pure.

`exchange` is a generator: it yields what is to be done (`Send` a request, `Wait`) and is sent the
outcome. The synchronous and the asynchronous client are two drivers of this one conversation.
"""

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlencode

from assay.client.core.answers import Reply, read_answer, read_problem
from assay.client.core.cache import Remembered
from assay.client.core.calls import Call
from assay.client.core.retries import Retries
from assay.client.errors import ClientError

T = TypeVar("T")
CSRF_HEADER = "x-csrf-token"


@dataclass(frozen=True, slots=True)
class Send:
    """Send this; the outcome is a `Reply`, or the error why none came."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(default=None, repr=False)
    save_to: Path | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Let this time pass."""

    seconds: float


Outcome: TypeAlias = Reply | ClientError | None
Steps: TypeAlias = Generator[Send | Wait, Outcome, T]


@dataclass(slots=True)
class Session:
    """What one client carries from call to call. `chance` is uniform in [0, 1), `make_key` makes
    idempotency keys; neither the key nor the CSRF token is ever shown. `is_ambient` says that the
    key was found in the environment: a session that begins takes its place.
    """

    retries: Retries
    remembered: Remembered
    chance: Callable[[], float] = field(repr=False)
    make_key: Callable[[], str] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    origin: str = ""
    csrf: str | None = field(default=None, repr=False)
    is_ambient: bool = False


def exchange(call: Call[T], session: Session) -> Steps[T]:
    """The answer of a call. Raises ClientError; ValueError for arguments that cannot be sent."""
    request, known = prepare(call, session)
    tried = 0
    while True:
        outcome = yield request
        tried += 1
        error = read_outcome(outcome)
        if error is None:
            break
        seconds = session.retries.wait_s(call, error, tried, session.chance())
        yield Wait(seconds)
    answer: T = read_answer(settle(outcome, known, call, session), call.shape)
    note_session(answer, session)
    return answer


def prepare(call: Call[Any], session: Session) -> tuple[Send, Reply | None]:
    """The request of a call, the same for every try, and the remembered answer it may confirm."""
    target = call.target
    headers = {**session.headers, "accept": call.accept}
    is_kept = call.method == "GET" and call.save_to is None
    known = session.remembered.find((target, call.accept)) if is_kept else None
    if known is not None:
        headers["if-none-match"] = known.headers["etag"]
    if call.method != "GET" and session.csrf is not None:
        # A session's writes must come from the server's own pages; this is how those say so.
        headers |= {CSRF_HEADER: session.csrf, "origin": session.origin}
    if call.repeatable:
        headers["idempotency-key"] = session.make_key()
    content = None
    if call.content is not None:
        content = _write_body(call, headers)
    return Send(call.method, target, headers, content, call.save_to), known


def read_outcome(outcome: Outcome) -> ClientError | None:
    """The error that an outcome stands for, None for an answer."""
    if isinstance(outcome, ClientError):
        return outcome
    if outcome is None:
        raise TypeError("a request has an outcome")
    return None if outcome.status < 300 or outcome.status == 304 else read_problem(outcome)


def settle(outcome: Outcome, known: Reply | None, call: Call[Any], session: Session) -> Reply:
    """The answer itself: what was remembered if it was confirmed, else what came, remembered."""
    if not isinstance(outcome, Reply):
        raise TypeError("settled without an answer")
    if outcome.status == 304:
        if known is None:
            raise read_problem(outcome)
        return known
    if call.method == "GET" and call.save_to is None and outcome.status == 200:
        session.remembered.save((call.target, call.accept), outcome)
    return outcome


def note_session(answer: object, session: Session) -> None:
    """Carry the CSRF token of a session that has begun; what another identity saw is forgotten."""
    csrf = getattr(getattr(answer, "data", None), "csrf_token", None)
    if csrf is not None and csrf != session.csrf:
        session.csrf = csrf
        session.remembered.clear()
        if session.is_ambient:
            # It may be the key of another account, and nobody asked for it here.
            session.headers = {}


def _write_body(call: Call[Any], headers: dict[str, str]) -> bytes:
    if call.form:
        headers["content-type"] = "application/x-www-form-urlencoded"
        return urlencode(call.content or {}).encode()
    headers["content-type"] = "application/json"
    return json.dumps(call.content).encode()
