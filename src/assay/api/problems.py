"""One error shape for everything: RFC 9457 problem documents (`application/problem+json`).

Members: `type` (a page that explains the code), `title`, `status`, `code`, `detail` (what
happened), `hint` (what to do), `retryable`; `errors` lists each wrong parameter. `docs/api.md`
lists the codes and a test keeps that list complete.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

import orjson
from starlette.responses import Response

from assay.api import refusals
from assay.kit import idempotency
from assay.kit.errors import (
    AssayError,
    BadInput,
    Busy,
    ClockBehind,
    Conflict,
    Corrupt,
    Forbidden,
    InFuture,
    KeyRequired,
    KeyUnusable,
    LogHalted,
    NotEnoughData,
    NotFound,
    RateLimited,
    SignInFailed,
    SourceMalformed,
    SourceUnavailable,
    StaleData,
    StateCopied,
    StorageFull,
    Unauthorized,
    Unreachable,
    WrongLog,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2


class NotReady(AssayError):
    """The server is up, the facts and grades are still being loaded."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "not-ready"
    retryable: ClassVar[bool] = True


class ForbiddenOrigin(AssayError):
    """A page of another origin tried to write or to open a stream."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "forbidden-origin"


class MethodNotAllowed(AssayError):
    """The path exists, but not for this method."""

    status: ClassVar[int] = 405
    code: ClassVar[str] = "method-not-allowed"


class NotAcceptable(AssayError):
    """The list does not come in any format that the client accepts."""

    status: ClassVar[int] = 406
    code: ClassVar[str] = "not-acceptable"


class BadHost(AssayError):
    """The request named no host, or several."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad-host"


class Misdirected(AssayError):
    """The request was meant for a host that this server is not."""

    status: ClassVar[int] = 421
    code: ClassVar[str] = "misdirected-request"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A documented error code."""

    error: type[AssayError]
    title: str
    remedy: str

    @property
    def code(self) -> str:
        """The stable name that programs compare."""
        return self.error.code

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.error.status


PROBLEMS = {
    kind.code: kind
    for kind in (
        ProblemKind(BadInput, "Bad input", "Correct the parameter that the document names."),
        ProblemKind(NotEnoughData, "Not enough data", "Widen the window or import more."),
        ProblemKind(InFuture, "Day in the future", "Ask for a day that the data has reached."),
        ProblemKind(NotFound, "Not found", "Correct the name; close matches are in the hint."),
        ProblemKind(MethodNotAllowed, "Method not allowed", "Use a method listed in Allow."),
        ProblemKind(NotAcceptable, "Not acceptable", "Accept JSON or one of the bulk formats."),
        ProblemKind(Conflict, "Conflict", "Read the present state, then try again."),
        ProblemKind(LogHalted, "Log halted", "The operator asks `assay log status`."),
        ProblemKind(StateCopied, "Copied state", "The operator runs `assay log new`."),
        ProblemKind(ClockBehind, "Clock behind", "The operator lets the clock follow NTP."),
        ProblemKind(WrongLog, "Wrong log", "Give replays a home of their own."),
        ProblemKind(
            Unauthorized, "Unknown key or session", "Send a key that stands, or sign in again."
        ),
        ProblemKind(KeyRequired, "Key required", "Send a key as `x-api-key`, or sign in."),
        ProblemKind(SignInFailed, "Sign-in failed", "Correct what you sign in with."),
        ProblemKind(Forbidden, "Forbidden", "Use a key or an account that may do this."),
        ProblemKind(RateLimited, "Too many requests", "Wait as long as Retry-After says."),
        ProblemKind(ForbiddenOrigin, "Foreign origin", "Call from the server's own pages."),
        ProblemKind(BadHost, "Bad host", "Send exactly one Host header."),
        ProblemKind(Misdirected, "Misdirected request", "Use http://localhost or 127.0.0.1."),
        ProblemKind(refusals.BadRequest, "Bad request", "Send HTTP/1.1 as a library does."),
        ProblemKind(refusals.BodyTimeout, "Body too slow", "Send the whole body at once."),
        ProblemKind(refusals.BodyTooLarge, "Body too large", "Send less at a time."),
        ProblemKind(
            refusals.UnsupportedEncoding,
            "Body is encoded",
            "Send the body without Content-Encoding.",
        ),
        ProblemKind(refusals.UrlTooLong, "URL too long", "Ask for fewer symbols at a time."),
        ProblemKind(refusals.HeadersTooLarge, "Headers too large", "Send fewer or shorter ones."),
        ProblemKind(refusals.Overloaded, "Overloaded", "Try again after Retry-After."),
        ProblemKind(refusals.TimedOut, "Timed out", "Ask for less, or try again later."),
        ProblemKind(
            idempotency.KeyReused, "Idempotency key reused", "Take a new key for every request."
        ),
        ProblemKind(
            idempotency.InProgress, "Request in progress", "Send it again after Retry-After."
        ),
        ProblemKind(idempotency.AnswerLost, "Answer lost", "Look at what is there."),
        ProblemKind(NotReady, "Not ready yet", "Wait for /readyz to answer 200."),
        ProblemKind(StaleData, "Stale data", "Import or fetch newer facts, then try again."),
        ProblemKind(Busy, "Busy", "Wait a moment, then try again."),
        ProblemKind(Unreachable, "Service unreachable", "Try again; the operator must start it."),
        ProblemKind(SourceUnavailable, "Source unavailable", "Try again after Retry-After."),
        ProblemKind(SourceMalformed, "Source malformed", "Tell the maintainers; keep the file."),
        ProblemKind(StorageFull, "Storage full", "Free disk space; what is stored is unharmed."),
        ProblemKind(KeyUnusable, "Key unusable", "The operator brings the key or passphrase."),
        ProblemKind(Corrupt, "Corrupt store", "Restore a backup or import again."),
        ProblemKind(AssayError, "Internal error", "Look into the server's log; report it."),
    )
}

PROBLEM_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Problem(Response):
    """An answer that says what went wrong; the same bytes wherever it is raised."""

    def __init__(
        self, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        length = str(len(body)).encode()
        base = ((b"content-type", MEDIA_TYPE.encode()), (b"content-length", length))
        self.raw_headers = [*base, *PROBLEM_HEADERS, *headers]


def describe_problem(
    error: AssayError,
    errors: Sequence[dict[str, str]] = (),
    headers: Iterable[tuple[bytes, bytes]] = (),
    members: Mapping[str, object] | None = None,
) -> Problem:
    """The document of an error of the family, with the headers its status calls for. `members` are
    those of its own that an answer adds.
    """
    kind = PROBLEMS.get(error.code, PROBLEMS[AssayError.code])
    document: dict[str, object] = {
        "type": f"/errors#{error.code}",
        "title": kind.title,
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "hint": error.hint or kind.remedy,
        "retryable": error.retryable,
    }
    named = errors or _list_own(error)
    if named:
        document["errors"] = list(named)
    document |= members or {}
    extra = list(headers)
    if error.retryable:
        wish = getattr(error, "retry_after_s", None)
        extra.append((b"retry-after", str(math.ceil(wish or RETRY_AFTER_S)).encode()))
    if error.status == Unauthorized.status:
        extra.append((b"www-authenticate", b"Bearer"))
    return Problem(error.status, orjson.dumps(document), tuple(extra))


def _list_own(error: AssayError) -> list[dict[str, str]]:
    """The member of the body that an error names itself."""
    if not isinstance(error, BadInput) or not error.parameter:
        return []
    return [{"where": "body", "parameter": error.parameter, "message": str(error)}]


def suggest(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """The closest known names, best first; none when nothing is near."""
    return get_close_matches(name, list(known), n=limit, cutoff=0.6)
