"""Our own files for the pages, read once: nothing is loaded from elsewhere."""

from functools import cache
from importlib.resources import files

from assay.api.sealed import PAGE_POLICY, Content
from assay.kit.errors import NotFound

_MEDIA_TYPES = {
    "assay.css": "text/css; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
    "favicon.svg": "image/svg+xml",
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}


def load_asset(name: str) -> Content:
    """One of the known files. Raises NotFound for any other name, so no path can be smuggled in."""
    if name not in _MEDIA_TYPES:
        raise NotFound("There is no such file.", hint="The paths are listed at /docs.")
    return _read(name)


@cache
def _read(name: str) -> Content:
    body = files("assay.api").joinpath("assets", name).read_bytes()
    return Content(body, _MEDIA_TYPES[name], PAGE_POLICY)
