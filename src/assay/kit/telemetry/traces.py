"""Traces by OpenTelemetry, from the request over the job to the database.

Off until `start_traces`: then `span` costs a look at one name and no library is loaded. The W3C
`traceparent` of a caller is continued, and `traceparent()` hands ours on to jobs and upstreams.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from contextvars import copy_context
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

R = TypeVar("R")
Attribute = str | int | float | bool

_TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Span(Protocol):
    """What may be said of a step while it runs."""

    def set(self, attributes: Mapping[str, Attribute]) -> None:
        """Add attributes."""
        ...

    def rename(self, name: str) -> None:
        """Give it the name that only became known on the way."""
        ...

    def fail(self, kind: str) -> None:
        """Mark it as failed; `kind` is a class or code, never a message (it may hold input)."""
        ...


class _NoSpan:
    """Stands where nothing is traced."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def set(self, attributes: Mapping[str, Attribute]) -> None:
        """Nothing."""

    def rename(self, name: str) -> None:
        """Nothing."""

    def fail(self, kind: str) -> None:
        """Nothing."""


class _OpenSpan:
    """One span of OpenTelemetry, current for the time of the block."""

    __slots__ = ("_attributes", "_current", "_name", "_parent", "_server", "_span", "_tracer")

    def __init__(
        self,
        tracer: "Tracer",
        name: str,
        parent: str | None,
        server: bool,
        attributes: dict[str, Attribute],
    ) -> None:
        self._tracer = tracer
        self._name = name
        self._parent = parent
        self._server = server
        self._attributes = attributes
        self._span: Any = None
        self._current: AbstractContextManager[Any] | None = None

    def __enter__(self) -> Self:
        from opentelemetry.trace import SpanKind, use_span  # noqa: PLC0415 - loaded when on

        self._span = self._tracer.start_span(
            self._name,
            context=_continue(self._parent),
            kind=SpanKind.SERVER if self._server else SpanKind.INTERNAL,
            attributes=self._attributes,
        )
        self._current = use_span(
            self._span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        )
        self._current.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.fail(kind.__name__)
        if self._current is not None:
            self._current.__exit__(kind, error, traceback)

    def set(self, attributes: Mapping[str, Attribute]) -> None:
        """Add attributes."""
        self._span.set_attributes(attributes)

    def rename(self, name: str) -> None:
        """Give it another name."""
        self._span.update_name(name)

    def fail(self, kind: str) -> None:
        """Mark it as failed."""
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 - loaded when on

        self._span.set_status(StatusCode.ERROR)
        self._span.set_attribute("error.type", kind)


_NO_SPAN: Final = _NoSpan()
_provider: "TracerProvider | None" = None
_tracer: "Tracer | None" = None


def start_traces(endpoint: str | None, service: str) -> None:
    """Send spans to an OTLP/HTTP receiver (`http://host:4318`) from a thread of its own.

    None leaves traces off. `/v1/traces` is appended where `endpoint` has no path. Spans that the
    receiver does not take are dropped: tracing never holds a request up.
    """
    global _provider, _tracer
    if endpoint is None or _provider is not None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    url = endpoint.rstrip("/")
    if not url.endswith("/v1/traces"):
        url += "/v1/traces"
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}), shutdown_on_exit=False
    )
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=url, timeout=5), schedule_delay_millis=1_000)
    )
    _provider = provider
    _tracer = provider.get_tracer("assay")


def stop_traces() -> None:
    """Send what is still held and turn traces off."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        provider.shutdown()


def span(
    name: str, *, parent: str | None = None, server: bool = False, **attributes: Attribute
) -> "_NoSpan | _OpenSpan":
    """A step to be traced, as a context manager that gives a `Span`.

    `parent` is the `traceparent` of whoever asked for it, when that was another process; else the
    step belongs to the one it runs in. `server` marks the answering of a request.
    """
    if _tracer is None:
        return _NO_SPAN
    return _OpenSpan(_tracer, name, parent, server, attributes)


def read_traceparent(value: str) -> str | None:
    """`value` if it is a well-formed W3C traceparent of version 00, else None."""
    return value if _TRACEPARENT.fullmatch(value) else None


def traceparent() -> str | None:
    """The W3C traceparent of the step under way; None where nothing is traced."""
    if _tracer is None:
        return None
    from opentelemetry.trace import get_current_span  # noqa: PLC0415 - loaded when on

    context = get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def carry(work: Callable[[], R]) -> Callable[[], R]:
    """`work`, to be run in another thread as part of the present step and request."""
    context = copy_context()
    return lambda: context.run(work)


def _continue(parent: str | None) -> "Context | None":
    """The context of a caller's traceparent; None is the present one."""
    if parent is None or read_traceparent(parent) is None:
        return None
    from opentelemetry.trace import (  # noqa: PLC0415 - loaded when on
        NonRecordingSpan,
        SpanContext,
        TraceFlags,
        set_span_in_context,
    )

    _, trace_id, span_id, flags = parent.split("-")
    remote = SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )
    return set_span_in_context(NonRecordingSpan(remote))
