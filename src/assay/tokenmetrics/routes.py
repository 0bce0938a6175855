"""The routes of this face: each endpoint of the catalogue, `/tmai`, the index and its document."""

from collections.abc import Awaitable, Callable

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from assay.api import ApiState, Content, Face, SealedResponse, get_state
from assay.kit.errors import BadInput
from assay.tokenmetrics.asking import parse_asked
from assay.tokenmetrics.catalogue import ENDPOINTS
from assay.tokenmetrics.chatting import answer_question, make_reply, parse_question
from assay.tokenmetrics.description import describe_face
from assay.tokenmetrics.reading import Reading, Shelf
from assay.tokenmetrics.replying import JSON, describe_error, write_envelope, write_found
from assay.tokenmetrics.types import Asked, Endpoint

PREFIX = "/tokenmetrics/v2"
FIRST_ERA_KEY = "api_key"
ABOUT = "Compatible with, not affiliated with, Token Metrics. Every number is one Assay published."
MAX_BODY = 1_000_000

Handler = Callable[[Request], Awaitable[Response]]


def create_face(prefix: str = PREFIX) -> Face:
    """The contract's paths under `prefix`."""
    return create_faces(prefix)[0]


def create_faces(*prefixes: str) -> list[Face]:
    """The same under several prefixes, which share what they keep in memory."""
    shelf = Shelf()
    return [make_face(shelf, prefix) for prefix in prefixes]


def make_face(shelf: Shelf, prefix: str) -> Face:
    """Routes of every endpoint, of `/tmai`, of the index and of the document."""
    router = APIRouter()
    for endpoint in ENDPOINTS:
        router.add_api_route(
            f"/{endpoint.path}",
            make_handler(shelf, endpoint),
            name=f"tokenmetrics {endpoint.path}",
            include_in_schema=False,
        )
    pages: tuple[tuple[str, Handler], ...] = (
        ("", make_page(list_paths(prefix))),
        ("/", make_page(list_paths(prefix))),
        ("/openapi.json", make_page(orjson.dumps(describe_face(prefix)))),
    )
    for path, handler in pages:
        router.add_api_route(path, handler, name=f"tokenmetrics{path}", include_in_schema=False)
    router.add_api_route(
        "/tmai",
        make_chat(shelf),
        methods=["POST"],
        name="tokenmetrics tmai",
        include_in_schema=False,
    )
    return Face(prefix, router, describe_error)


def make_handler(shelf: Shelf, endpoint: Endpoint) -> Handler:
    """The handler of one endpoint: reads the query, answers in a read thread, seals the answer."""

    async def handle(request: Request) -> Response:
        state = await get_state(request)
        world, query = state.world, request.scope["query_string"]
        key = (endpoint.path, query, FIRST_ERA_KEY in request.headers)
        content = shelf.answers.find(world, key) if endpoint.is_sealable else None
        if content is None:
            asked = parse_asked(query, is_zero_based=key[2], limited_by=endpoint.limited_by)
            reading = make_reading(state, shelf)
            content = Content(await state.read(write_answer, endpoint, reading, asked))
            if endpoint.is_sealable and state.world is world:
                shelf.answers.keep(world, key, content)
        return SealedResponse(content, remember=endpoint.is_sealable)

    return handle


def write_answer(endpoint: Endpoint, reading: Reading, asked: Asked) -> bytes:
    """The body that an endpoint answers."""
    found = endpoint.answer(reading, asked)
    if endpoint.is_chart:
        return orjson.dumps({"success": True, "message": found.message, "chartUrl": None})
    return write_found(endpoint, asked, found, reading.newest_day)


def make_chat(shelf: Shelf) -> Handler:
    """The handler of `POST /tmai`."""

    async def chat(request: Request) -> Response:
        state = await get_state(request)
        question = parse_question(await read_json(request))
        reading = make_reading(state, shelf)
        answer = await state.read(answer_question, reading, question)
        return Response(orjson.dumps(make_reply(question, answer)), media_type=JSON)

    return chat


def make_page(body: bytes) -> Handler:
    """The handler of a page that never changes."""
    content = Content(body)

    async def show(_: Request) -> Response:
        return SealedResponse(content)

    return show


def make_reading(state: ApiState, shelf: Shelf) -> Reading:
    """One view of the present world. Raises NotReady until all is loaded."""
    facts = state.require_facts()
    return Reading(state, facts, state.world.word.sequence, shelf)


async def read_json(request: Request) -> object:
    """The body as JSON. Raises BadInput for anything else and for one that is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise BadInput(f"The body is longer than {MAX_BODY:,} bytes.")
    try:
        return orjson.loads(bytes(body))
    except orjson.JSONDecodeError as error:
        raise BadInput(
            "The body is not JSON.", hint='Send {"messages": [{"user": "..."}]}.'
        ) from error


def list_paths(prefix: str) -> bytes:
    """The index of the face."""
    rows = [
        {"METHOD": "GET", "PATH": f"{prefix}/{endpoint.path}", "ABOUT": endpoint.about}
        for endpoint in ENDPOINTS
    ]
    rows.append(
        {
            "METHOD": "POST",
            "PATH": f"{prefix}/tmai",
            "ABOUT": "Ask in words; answered by rule from what is published.",
        }
    )
    return write_envelope(rows, ABOUT, documentation=f"{prefix}/openapi.json")
