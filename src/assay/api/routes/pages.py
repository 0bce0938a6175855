"""Pages for people: the start page, the API reference, the error codes, and their own files."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from assay.api.own_files import load_app, load_app_file, load_asset, load_pages
from assay.api.pages import PAGE, draw_codes, draw_loading, draw_reference, draw_start
from assay.api.routes.common import State
from assay.api.sealed import PAGE_POLICY, Content, SealedResponse
from assay.api.start import read_start

router = APIRouter(include_in_schema=False)


@router.get("/")
async def get_start(state: State) -> Response:
    """What this is, how far the data goes, and the best grades of both kinds."""
    if not state.ready or state.world.facts is None:
        policy = {"content-security-policy": PAGE_POLICY.decode(), "cache-control": "no-store"}
        return HTMLResponse(draw_loading(state.progress()), headers=policy)
    start = await state.read(read_start, state, state.world.facts)
    page = Content(draw_start(start).encode(), PAGE, PAGE_POLICY)
    # The last news of a history that fills in come without a new publication.
    return SealedResponse(page, remember=not start.history)


@router.get("/docs")
async def get_reference() -> SealedResponse:
    """The API reference, drawn from /openapi.json by our own copy of Swagger UI."""
    return SealedResponse(Content(draw_reference().encode(), PAGE, PAGE_POLICY))


@router.get("/errors")
async def get_codes() -> SealedResponse:
    """Every error code: the pages that problem documents name as their type."""
    return SealedResponse(Content(draw_codes().encode(), PAGE, PAGE_POLICY))


@router.get("/openapi.json")
async def get_description(request: Request) -> SealedResponse:
    """The OpenAPI document."""
    return SealedResponse(Content(orjson.dumps(request.app.openapi())))


@router.get("/assets/{name}")
async def get_asset(name: str) -> SealedResponse:
    """One of our own files. Raises NotFound for any other name."""
    return SealedResponse(load_asset(name))


@router.get("/app/{name}")
async def get_app_file(name: str) -> SealedResponse:
    """A script or style of the web app. Raises NotFound for any other name."""
    return SealedResponse(load_app_file(name))


async def get_app() -> SealedResponse:
    """The web app."""
    return SealedResponse(load_app())


for page in load_pages():
    for path in (f"/{page}", f"/{page}/{{item}}"):
        router.add_api_route(path, get_app)
