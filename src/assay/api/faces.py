"""A face that stands beside the native API, with paths and an error shape of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from assay.kit.errors import AssayError


@dataclass(frozen=True, slots=True)
class Face:
    """Routes under `prefix` whose every refusal and error `describe_error` puts into words.

    The router's own paths are relative: the application includes it with `prefix`. The routes stay
    out of the native OpenAPI document; a face has its own at `<prefix>/openapi.json`.
    `describe_error` also gets what the guard and the quotas refuse.
    """

    prefix: str
    router: APIRouter
    describe_error: Callable[[AssayError], Response]

    def owns(self, path: str) -> bool:
        """True if a request path belongs to this face."""
        return path == self.prefix or path.startswith(self.prefix + "/")


def find_face(faces: tuple[Face, ...], path: str) -> Face | None:
    """The face that answers a path; None is the native API."""
    return next((face for face in faces if face.owns(path)), None)
