"""What the server refuses before or while a request is answered, whatever it asked for."""

from typing import ClassVar

from assay.kit.errors import AssayError


class BadRequest(AssayError):
    """What came is no HTTP request that can be read."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad-request"


class BodyTimeout(AssayError):
    """The body did not come in time."""

    status: ClassVar[int] = 408
    code: ClassVar[str] = "body-timeout"


class BodyTooLarge(AssayError):
    """The body of the request is larger than its path takes."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "body-too-large"


class UnsupportedEncoding(AssayError):
    """The body is compressed."""

    status: ClassVar[int] = 415
    code: ClassVar[str] = "unsupported-encoding"


class UrlTooLong(AssayError):
    """The path and query are longer than any of ours."""

    status: ClassVar[int] = 414
    code: ClassVar[str] = "url-too-long"


class HeadersTooLarge(AssayError):
    """The request has too many headers, or too large ones."""

    status: ClassVar[int] = 431
    code: ClassVar[str] = "headers-too-large"


class Overloaded(AssayError):
    """More requests are under way than this process takes."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "overloaded"
    retryable: ClassVar[bool] = True


class TimedOut(AssayError):
    """The answer did not begin in time; what was asked for may still be done."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "timed-out"
    retryable: ClassVar[bool] = True
