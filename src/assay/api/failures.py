"""What goes wrong, in words: every exception of a route as the document of the face asked."""

import logging
from collections.abc import Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assay.api.faces import find_face
from assay.api.problems import MethodNotAllowed, describe_problem, suggest
from assay.kit.errors import AssayError, BadInput, NotFound

_LONGEST_PATH = 100
log = logging.getLogger("assay.api")


def add_handlers(app: FastAPI) -> None:
    """Let the application answer its exceptions with documents."""
    app.add_exception_handler(AssayError, handle_error)
    app.add_exception_handler(RequestValidationError, handle_invalid)
    app.add_exception_handler(HTTPException, handle_http)
    app.add_exception_handler(Exception, handle_unexpected)


async def handle_error(request: Request, error: Exception) -> Response:
    """Answer an error of the family."""
    if not isinstance(error, AssayError):
        raise TypeError("registered for AssayError") from error
    if error.status >= 500 and not error.retryable:
        log.error("%s: %s", error.code, error)
    return describe_refusal(request, error)


def describe_refusal(
    request: Request,
    error: AssayError,
    errors: Sequence[dict[str, str]] = (),
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> Response:
    """The error in the words of the face that was asked; the native one speaks of problems."""
    face = find_face(request.app.state.assay.faces, request.scope["path"])
    if face is not None:
        return face.describe_error(error)
    return describe_problem(error, errors, headers)


async def handle_invalid(request: Request, error: Exception) -> Response:
    """Answer a request whose parameters FastAPI refused, naming each of them."""
    if not isinstance(error, RequestValidationError):
        raise TypeError("registered for RequestValidationError") from error
    known = list_parameters(request)
    errors = [
        describe_parameter(item["loc"], item["type"], item["msg"], known) for item in error.errors()
    ]
    detail = "; ".join(f"{item['parameter']}: {item['message']}" for item in errors)
    refusal = BadInput(detail, hint="The parameters are described at /docs.")
    return describe_refusal(request, refusal, errors)


def list_parameters(request: Request) -> list[str]:
    """Names of the query parameters that the matched route knows."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return []
    names: list[str] = []
    for parameter in route.dependant.query_params:
        annotation = parameter.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = annotation.model_fields.items()
            names += [item.alias or name for name, item in fields]
        else:
            names.append(parameter.alias)
    return names


async def check_names(request: Request) -> None:
    """Refuse query parameters that the matched route does not know. Raises
    RequestValidationError.
    """
    if not request.scope["query_string"]:
        return
    known = list_parameters(request)
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown and not _has_model(request):
        errors = [
            {"type": "extra_forbidden", "loc": ("query", name), "msg": ""} for name in unknown
        ]
        raise RequestValidationError(errors)


def _has_model(request: Request) -> bool:
    """True where the names are checked together with the values."""
    return any(
        isinstance(parameter.field_info.annotation, type)
        and issubclass(parameter.field_info.annotation, BaseModel)
        for parameter in request.scope["route"].dependant.query_params
    )


def describe_parameter(
    location: Sequence[object], kind: str, message: str, known: Sequence[str]
) -> dict[str, str]:
    """One wrong parameter: where it stood, its name, what is wrong; its value is not repeated."""
    where, *path = [str(part) for part in location]
    # A body may be deep; in a query the name is all there is.
    name = ".".join(path)[:_LONGEST_PATH] if path and where == "body" else (path or [where])[0]
    message = message.removeprefix("Value error, ")
    if kind == "extra_forbidden" and where == "body":
        message = "is not a member of this body"
    elif kind == "extra_forbidden":
        near = suggest(name, known, 1)
        others = f" ({', '.join(known)})" if known else ", which has none"
        message = "is not a parameter of this path"
        message += f"; did you mean {near[0]}?" if near else others
        name = name[:40]
    return {"where": where, "parameter": name, "message": message}


async def handle_http(request: Request, error: Exception) -> Response:
    """Answer what the router refuses: an unknown path or a method that a path does not have."""
    if not isinstance(error, HTTPException):
        raise TypeError("registered for HTTPException") from error
    headers: list[tuple[bytes, bytes]] = []
    if error.status_code == MethodNotAllowed.status:
        headers = [(b"allow", list_methods(error).encode())]
        refusal: AssayError = MethodNotAllowed("This path does not answer to that method.")
    elif error.status_code == NotFound.status:
        refusal = NotFound("There is no such path.", hint="The paths are listed at /docs.")
    else:
        refusal = BadInput("The request could not be understood.")
    return describe_refusal(request, refusal, headers=headers)


def list_methods(error: HTTPException) -> str:
    """What Allow says: the methods that the path has, HEAD wherever there is GET."""
    allowed = (error.headers or {}).get("Allow", "GET")
    methods = {name.strip() for name in allowed.split(",")}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


async def handle_unexpected(request: Request, error: Exception) -> Response:
    """Answer a defect of ours without its internals; the server logs it."""
    refusal = AssayError(
        "Something went wrong inside the server.", hint="The server's log has the cause."
    )
    return describe_refusal(request, refusal)
