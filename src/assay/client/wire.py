"""Between httpx and the core, the same for both drivers."""

from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from assay.client.core.answers import Reply
from assay.client.errors import ClientError, TimedOut, Unreachable, Unreadable


def read_reply(response: httpx.Response) -> Reply:
    """A response whose body has been read, in the core's words."""
    return Reply(response.status_code, _lower(response), response.content)


def read_head(response: httpx.Response) -> Reply:
    """A response whose body went into a file."""
    return Reply(response.status_code, _lower(response), b"")


class PartFile:
    """A file that is written beside its place and takes it when all of it has come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._file = self._part.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if error is None:
            self._part.replace(self._path)
        else:
            self._part.unlink()

    def write(self, piece: bytes) -> None:
        """Append a piece."""
        self._file.write(piece)


def describe_failure(error: httpx.RequestError) -> ClientError:
    """Why no answer came."""
    said = str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(
            "The server did not answer in time.",
            code="timed-out",
            hint="Ask for less at once, or raise timeout_s.",
            retryable=True,
        )
    if isinstance(error, httpx.DecodingError | httpx.TooManyRedirects | httpx.UnsupportedProtocol):
        return Unreadable(f"The answer cannot be read: {said}.", code="unreadable")
    return Unreachable(
        f"The server cannot be reached: {said}.",
        code="unreachable",
        hint="Is it running (`assay serve`), and is this its address?",
        retryable=True,
    )


def _lower(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
