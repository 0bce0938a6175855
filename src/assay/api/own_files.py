"""Our own files for the pages, read once: nothing is loaded from elsewhere."""

from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

import orjson

from assay.api.sealed import FOR_EVER, PAGE_POLICY, Content
from assay.kit.errors import NotFound

_MEDIA_TYPES = {
    "assay.css": "text/css; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
    "favicon.svg": "image/svg+xml",
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}

_APP = files("assay.api").joinpath("assets", "app")
_APP_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


def load_asset(name: str) -> Content:
    """One of the known files. Raises NotFound for any other name, so no path can be smuggled in."""
    if name not in _MEDIA_TYPES:
        raise NotFound("There is no such file.", hint="The paths are listed at /docs.")
    return _read(name)


@cache
def _read(name: str) -> Content:
    body = files("assay.api").joinpath("assets", name).read_bytes()
    return Content(body, _MEDIA_TYPES[name], PAGE_POLICY)


@cache
def load_app() -> Content:
    """The one document of the web app; the browser draws the page that its address names."""
    body = _APP.joinpath("index.html").read_bytes()
    return Content(body, "text/html; charset=utf-8", PAGE_POLICY)


@cache
def load_pages() -> tuple[str, ...]:
    """The first segments of the addresses that the web app answers, as its build listed them."""
    return tuple(orjson.loads(_APP.joinpath("pages.json").read_bytes()))


@cache
def load_app_file(name: str) -> Content:
    """A script or style of the web app, which may be kept for ever: its name says what it holds.

    Raises NotFound for any other name.
    """
    found = {entry.name: entry for entry in _APP.iterdir()}.get(name)
    media_type = _APP_TYPES.get(PurePosixPath(name).suffix)
    if found is None or media_type is None:
        raise NotFound("There is no such file.", hint="Load the page anew: the app was updated.")
    return Content(found.read_bytes(), media_type, PAGE_POLICY, caching=FOR_EVER)
