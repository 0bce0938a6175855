"""One family of errors, so that every face answers a failure in the same way.

AssayError
├── BadInput            422  not retried   the caller corrects the input
│   ├── NotEnoughData   422  not retried   the caller widens the window or imports more
│   └── InFuture        422  not retried   the caller asks for a day that has happened
├── Unauthorized        401  not retried   the caller sends a key or session that stands
│   ├── KeyRequired     401  not retried   the caller sends a key
│   └── SignInFailed    401  not retried   the caller corrects what proves who it is
├── Forbidden           403  not retried   the caller uses a key or role that may do this
├── NotFound            404  not retried   the caller corrects the name
├── Conflict            409  not retried   the caller reads the present state first
│   └── LogHalted       409  not retried   the operator does what docs/runbooks/log.md says
│       ├── StateCopied 409  not retried   the operator starts a new log, or resumes a moved one
│       ├── ClockBehind 409  not retried   the operator lets the clock follow NTP
│       └── WrongLog    409  not retried   the operator gives replays a home of their own
├── RateLimited         429  retried       the caller waits as long as Retry-After says
├── SourceUnavailable   503  retried       back off, mark the source stale
├── SourceMalformed     502  not retried   keep the payload, tell the maintainer
├── StaleData           503  retried       the operator imports or fetches newer facts
├── Busy                503  retried       another process writes; wait for it
├── Unreachable         503  retried       the operator starts the database or Redis
├── StorageFull         507  not retried   the operator frees disk space
├── KeyUnusable         500  not retried   the operator brings the key or its passphrase
└── Corrupt             500  not retried   the operator restores or re-imports
"""

from typing import ClassVar

FRESH_START = (
    "Restore it from a backup, or move the folder ASSAY_HOME (default ~/.assay) away: the next"
    " command begins anew with the sample, and your own files can be imported again."
)
"""What to do when stored facts or statements are lost; nothing of them can be made up."""


class AssayError(Exception):
    """Base of the family: a message that says what happened and a hint that says what to do."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class BadInput(AssayError):
    """The caller sent something that can never work as it is. `parameter` is the path of the member
    of a body that is at fault, as "quiet_hours.start"; "" where it is none, or not known.
    """

    status = 422
    code = "bad-input"

    def __init__(self, message: str, *, hint: str = "", parameter: str = "") -> None:
        super().__init__(message, hint=hint)
        self.parameter = parameter


class NotEnoughData(BadInput):
    """The window or the store holds too little to answer."""

    code = "not-enough-data"


class InFuture(BadInput):
    """A day was asked for that has not happened on the clock of the data."""

    code = "in-future"


class Unauthorized(AssayError):
    """A key or session that nobody holds: unknown, expired, revoked or tampered with."""

    status = 401
    code = "unauthorized"


class KeyRequired(Unauthorized):
    """Neither key nor session where one is asked for."""

    code = "key-required"


class SignInFailed(Unauthorized):
    """A password, signature or reset token that does not prove who signs in."""

    code = "sign-in-failed"


class Forbidden(AssayError):
    """Who asks is known, but this role or key may not do it."""

    status = 403
    code = "forbidden"


class NotFound(AssayError):
    """No such token, publication, file or page."""

    status = 404
    code = "not-found"


class Conflict(AssayError):
    """The request contradicts what is stored."""

    status = 409
    code = "conflict"


class LogHalted(Conflict):
    """The transparency log does not append: it could say two things of one past."""

    code = "log-halted"


class StateCopied(LogHalted):
    """The database is a copy or an older state of the one that the log grew in."""

    code = "state-copied"


class ClockBehind(LogHalted):
    """The clock is behind what the log's last entry says."""

    code = "clock-behind"


class WrongLog(LogHalted):
    """A replay wants to write into a live log, or the other way round."""

    code = "wrong-log"


class RateLimited(AssayError):
    """Asked more often than a plan or throttle allows; `retry_after_s` says how long to wait."""

    status = 429
    code = "rate-limited"
    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class SourceUnavailable(AssayError):
    """An upstream could not be reached; `retry_after_s` is its own wish, if it stated one."""

    status = 503
    code = "source-unavailable"
    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class SourceMalformed(AssayError):
    """An upstream or a file answered with something that cannot be read."""

    status = 502
    code = "source-malformed"


class StaleData(AssayError):
    """The facts are older than the judgement allows."""

    status = 503
    code = "stale-data"
    retryable = True


class Busy(AssayError):
    """Another process holds the writer's lock."""

    status = 503
    code = "busy"
    retryable = True


class Unreachable(AssayError):
    """A service of this installation (PostgreSQL, Redis) does not answer."""

    status = 503
    code = "unreachable"
    retryable = True


class StorageFull(AssayError):
    """The disk has no room; what was stored before is untouched."""

    status = 507
    code = "storage-full"


class KeyUnusable(AssayError):
    """A private key of this installation is missing, locked or another one."""

    status = 500
    code = "key-unusable"


class Corrupt(AssayError):
    """Stored bytes do not match their digest or format."""

    status = 500
    code = "corrupt"
