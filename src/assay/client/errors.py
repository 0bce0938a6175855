"""Everything that can go wrong, as one family.

ClientError                 code, detail, hint, errors, retryable, status
├── Refused                 the server answered with a problem document (RFC 9457)
│   ├── BadRequest          400, 413, 415, 421, 422: the request is wrong; `errors` names each field
│   ├── Unauthorized        401: the key or session is unknown, expired or revoked
│   ├── Forbidden           403: known, but not allowed
│   ├── NotFound            404: no such thing, or not for you
│   ├── Conflict            409: contradicts what is stored
│   ├── TooManyRequests     429: a limit or quota is used up; `retry_after_s` says for how long
│   └── ServerFailed        5xx: the server could not; `retryable` says whether waiting helps
├── Unreachable             no answer came: refused, cut or unresolved connection
│   └── TimedOut            the answer took longer than `timeout_s`
├── Unreadable              an answer came that is not one of this API's
├── JobFailed               a job that was waited for ended without success
└── StillRunning            a job that was waited for has not ended yet
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WrongField:
    """One part of a request that was wrong: where it stood, its name, what is wrong."""

    where: str
    parameter: str
    message: str


class ClientError(Exception):
    """Base of everything this package raises about a request.

    `code` is stable and for programs, `detail` says what happened, `hint` what to do. `retryable`
    is true where the same request may succeed later; the client has then already tried again.
    """

    def __init__(
        self,
        detail: str,
        *,
        code: str,
        hint: str = "",
        status: int | None = None,
        retryable: bool = False,
        errors: Sequence[WrongField] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{detail} {hint}".rstrip())
        self.code = code
        self.detail = detail
        self.hint = hint
        self.status = status
        self.retryable = retryable
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s


class Refused(ClientError):
    """The server answered, and the answer is a problem document."""


class BadRequest(Refused):
    """The request is wrong; `errors` names each wrong field."""


class Unauthorized(Refused):
    """The key or session is unknown, expired or revoked."""


class Forbidden(Refused):
    """The caller is known and may not do this."""


class NotFound(Refused):
    """No such thing, or not for this caller."""


class Conflict(Refused):
    """The request contradicts what is stored."""


class TooManyRequests(Refused):
    """A limit or quota is used up."""


class ServerFailed(Refused):
    """The server could not answer."""


class Unreachable(ClientError):
    """No answer came."""


class TimedOut(Unreachable):
    """The answer took too long."""


class Unreadable(ClientError):
    """An answer that is not one of this API's: another server, or a later version of it."""


class JobFailed(ClientError):
    """A job ended without success."""


class StillRunning(ClientError):
    """A job has not ended within the time given; it goes on at the server."""


BY_STATUS: dict[int, type[Refused]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: BadRequest,
    415: BadRequest,
    421: BadRequest,
    422: BadRequest,
    429: TooManyRequests,
}
"""Class of a problem by its status; other 4xx are `Refused`, 5xx `ServerFailed`."""
