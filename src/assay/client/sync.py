"""The synchronous driver: sends what the core wants sent, waits what it wants waited."""

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from functools import update_wrapper
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Generic, ParamSpec, Self, TypeVar

import httpx

from assay.client.core.cache import Remembered
from assay.client.core.calls import Call, ListCall, Page
from assay.client.core.exchange import Outcome, Send, Session, Steps, exchange
from assay.client.core.following import find_next
from assay.client.core.identity import choose_url, find_origin, write_identity
from assay.client.core.retries import Retries
from assay.client.core.watching import watch_job
from assay.client.frames import read_arrow, to_pandas, write_frame
from assay.client.shapes.jobs import JobShape
from assay.client.wire import PartFile, describe_failure, read_head, read_reply

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

P = ParamSpec("P")
T = TypeVar("T")
Row = TypeVar("Row")


class Listing(Generic[Row]):
    """A list that is asked for when it is read: by row, by page, or whole as a table."""

    def __init__(self, driver: "Driver", call: ListCall[Row]) -> None:
        self._driver = driver
        self._call = call

    def __repr__(self) -> str:
        return f"<list {self._call.target}>"

    def __iter__(self) -> Iterator[Row]:
        """Every row, page after page."""
        for page in self.pages():
            yield from page.data

    def page(self) -> Page[Row]:
        """The first page: `limit` rows (or from `cursor` on) with what they come from."""
        return self._driver.ask(self._call)

    def pages(self) -> Iterator[Page[Row]]:
        """Every page, asked for when it is reached."""
        call: ListCall[Row] | None = self._call
        while call is not None:
            page = self._driver.ask(call)
            yield page
            call = find_next(call, page)

    def to_polars(self) -> "pl.DataFrame":
        """The whole list as a Polars frame: streamed as Arrow where the server does that."""
        if self._call.bulk:
            return read_arrow(self._driver.ask(self._call.as_arrow()))
        return write_frame(list(self), self._call.row)

    def save(self, path: str | Path) -> Path:
        """The whole list as a file, in constant memory: .arrow, .parquet, .csv or .ndjson. What
        stood there before stays until the new file is complete.
        """
        target = Path(path)
        self._driver.ask(self._call.as_file(target))
        return target

    def to_pandas(self) -> "pd.DataFrame":
        """The whole list as a pandas frame. Raises ImportError where pandas is not installed."""
        return to_pandas(self.to_polars())


class Driver:
    """A connection pool and what is carried from call to call."""

    def __init__(
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        timeout_s: float = 30.0,
        retries: Retries | None = None,
        cache_bytes: int = 0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`url` is the server's address (else ASSAY_API_URL, else this machine), `key` the API key
        (else ASSAY_API_KEY, until a session begins; "" sends none). `cache_bytes` > 0 remembers
        answers by their ETag.
        """
        self.url = choose_url(url, os.environ)
        self._session = Session(
            retries or Retries(),
            Remembered(cache_bytes),
            secrets.SystemRandom().random,
            secrets.token_urlsafe,
            write_identity(key, os.environ),
            find_origin(self.url),
            is_ambient=key is None,
        )
        self._http = httpx.Client(
            base_url=self.url, timeout=timeout_s, transport=transport, follow_redirects=False
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def ask(self, call: Call[T]) -> T:
        """The answer of a call. Raises ClientError."""
        return self._drive(exchange(call, self._session))

    def wait_for_job(
        self,
        job_id: str,
        *,
        timeout_s: float = 600.0,
        tell: Callable[[JobShape], None] | None = None,
    ) -> JobShape:
        """The job once it is done; `tell` is called with it at every look, to show its progress.

        Raises JobFailed where it failed or was cancelled, StillRunning after `timeout_s`.
        """
        steps = watch_job(job_id, self._session, timeout_s, time.monotonic, tell)
        return self._drive(steps)

    def _drive(self, steps: Steps[T]) -> T:
        outcome: Outcome = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer
            if isinstance(step, Send):
                outcome = self._send(step)
            else:
                outcome = None
                time.sleep(step.seconds)

    def _send(self, send: Send) -> Outcome:
        request = self._http.build_request(
            send.method, send.target, headers=send.headers, content=send.content
        )
        try:
            response = self._http.send(request, stream=True)
            with contextlib.closing(response):
                if send.save_to is not None and response.status_code == httpx.codes.OK:
                    with PartFile(send.save_to) as part:
                        for piece in response.iter_bytes():
                            part.write(piece)
                    return read_head(response)
                response.read()
        except httpx.RequestError as error:
            return describe_failure(error)
        return read_reply(response)


class Asked(Generic[P, T]):
    """A method that sends the call which a function of `calls` makes, with its parameters."""

    def __init__(self, make: Callable[P, Call[T]]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, driver: Driver, owner: type[Driver]) -> Callable[P, T]:
        def ask(*args: P.args, **kwargs: P.kwargs) -> T:
            return driver.ask(self._make(*args, **kwargs))

        return update_wrapper(ask, self._make)


class Listed(Generic[P, Row]):
    """A method that gives the list which a function of `calls` describes, not yet asked for."""

    def __init__(self, make: Callable[P, ListCall[Row]]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __get__(self, driver: Driver, owner: type[Driver]) -> Callable[P, Listing[Row]]:
        def give(*args: P.args, **kwargs: P.kwargs) -> Listing[Row]:
            return Listing(driver, self._make(*args, **kwargs))

        return update_wrapper(give, self._make)
