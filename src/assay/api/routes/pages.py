"""Pages for people: the web app, the API reference, the error codes, and their own files."""

import orjson
from fastapi import APIRouter, Request

from assay.api.own_files import load_app, load_app_file, load_asset
from assay.api.pages import PAGE, draw_codes, draw_reference
from assay.api.routing import APP_PAGES
from assay.api.sealed import PAGE_POLICY, Content, SealedResponse

router = APIRouter(include_in_schema=False)


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
    """The web app: the browser draws the page that its address names."""
    return SealedResponse(load_app())


for path in APP_PAGES:
    router.add_api_route(path, get_app)
