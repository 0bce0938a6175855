"""Streams over HTTP: server-sent events, and tickets for those who cannot send headers."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from assay import accounts
from assay.accounts import Holder
from assay.api.addresses import HOLDER
from assay.api.answers.people import answer
from assay.api.routes.common import Asking, State
from assay.api.routes.people import refusals
from assay.api.schemas import Shape
from assay.api.streams.admission import Credential, refuse_as_error
from assay.api.streams.channels import CHANNELS
from assay.api.streams.events import follow
from assay.api.streams.messages import Refusal, read_channels
from assay.api.streams.reading import Resolver
from assay.kit.errors import Forbidden

router = APIRouter(prefix="/v1/stream", tags=["streams"])

EVENTS: dict[int | str, dict[str, Any]] = {
    **refusals(403, 429),
    200: {
        "description": "Events `welcome`, `subscribed` or `resumed`, `snapshot`, `update`,"
        " `heartbeat`, `lagged`, `error`; data is the message of docs/streams.md",
        "content": {"text/event-stream": {}},
    },
}
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class TicketShape(Shape):
    """What opens one stream, once."""

    ticket: Annotated[str, Field(description="Open /v1/stream?ticket=... with it.")]
    expires_at: datetime


class TicketAnswer(Shape):
    """A ticket."""

    data: TicketShape


@router.post("/tickets", response_model=TicketAnswer, status_code=201, responses=refusals(403, 429))
async def create_stream_ticket(state: State, asking: Asking, request: Request) -> Response:
    """Buy a ticket that opens one WebSocket within 30 s, for pages that can send no header with it.
    It is good once; the stream ends when the key or session that bought it does.
    """
    holder = request.scope.get(HOLDER)
    ref = holder.ref.decode() if isinstance(holder, Holder) else ""
    ticket = await state.read(
        accounts.create_ticket, state.database, state.clock, asking.account_id, ref
    )
    return answer({"ticket": ticket.text, "expires_at": ticket.expires_at}, status=201)


@router.get("/events", response_class=Response, responses=EVENTS)
async def stream_events(
    state: State,
    asking: Asking,
    request: Request,
    channels: Annotated[
        str,
        Query(
            max_length=8_000,
            description="Channels, comma separated, each whole or `channel:key`:"
            " `prices:BTC,candles:BTC/1m,alerts`. Channels are " + ", ".join(CHANNELS) + ".",
            examples=["prices:BTC,prices:ETH"],
        ),
    ],
    last_event_id: Annotated[
        str | None, Header(description="Go on after this event; browsers send it themselves.")
    ] = None,
) -> Response:
    """Follow channels as server-sent events: what stands now, then each update. A reader that does
    not keep up gets the latest values only. The same as a WebSocket is `/v1/stream`.
    """
    holder = request.scope.get(HOLDER)
    credential = Credential(asking, holder.ref if isinstance(holder, Holder) else b"")
    resolve = Resolver(state, asking.account_id)
    try:
        wanted = [resolve(place) for place in read_channels(channels)]
        # Here, while the answer can still be a refusal.
        state.streams.admission.check_room(asking)
        events = follow(state, credential, wanted, last_event_id)
        first = await anext(events)
    except Refusal as refusal:
        if refusal.code == "forbidden":
            raise Forbidden(refusal.detail) from None
        raise refuse_as_error(refusal) from None
    if request.scope.get("assay.head"):
        await events.aclose()
        return Response(b"", 200, HEADERS, "text/event-stream")
    return StreamingResponse(_chain(first, events), 200, HEADERS, "text/event-stream")


async def _chain(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield first
    async for part in rest:
        yield part
