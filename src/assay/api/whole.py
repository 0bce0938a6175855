"""Sending an answer that is known as bytes in one step, where our own HTTP protocol serves it.

An ASGI server reads every header of every answer again: is the name well-formed, the value, does
it say `close`? For an answer that is sent a million times this is done once, when its head is
encoded; a request then costs one write. The protocol offers it as an extension in the scope; where
there is none (another server, a test), or the connection is about to close, the messages of ASGI
say the same.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final, cast

from starlette.types import Message, Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

WHOLE: Final = "assay.whole"
SMALL_BODY: Final = 16 * 1024
"""Up to here copying a body beside its head costs less than a second write."""


def encode_head(start: Message) -> bytes:
    """Status line and headers as bytes, without the empty line after them.

    Raises ValueError for a header that would break the head in two.
    """
    lines = [STATUS_LINE[start["status"]]]
    for name, value in start["headers"]:
        if b"\n" in name + value or b"\r" in name + value or b"\0" in name + value:
            raise ValueError("a header holds a line break")
        lines.append(name + b": " + value + b"\r\n")
    return b"".join(lines)


def offer_whole(cycle: RequestResponseCycle) -> None:
    """Put the extension into the scope of a request."""
    scope = cast(Scope, cycle.scope)
    scope[WHOLE] = partial(write_whole, cycle)


def write_whole(cycle: RequestResponseCycle, head: bytes, more: bytes, body: bytes) -> bool:
    """Send `head`, the encoded headers `more`, and `body`; False, and nothing sent, where the
    messages of ASGI must do it.
    """
    if (
        cycle.response_started
        or cycle.disconnected
        or not cycle.keep_alive
        or cycle.flow.write_paused
        or cycle.scope["method"] != "GET"
    ):
        return False
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    parts = [head, *list_lines(cycle.default_headers), more, b"\r\n"]
    if len(body) <= SMALL_BODY:
        parts.append(body)
        cycle.transport.write(b"".join(parts))
    else:
        cycle.transport.write(b"".join(parts))
        cycle.transport.write(body)
    cycle.response_complete = True
    cycle.message_event.set()
    cycle.on_response()
    return True


def list_lines(headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """Headers as lines; those of the server are few and change each second."""
    return [b"%b: %b\r\n" % pair for pair in headers]
