"""Client credentials (RFC 6749 4.4): a key buys an access token for an hour. No password grant."""

import base64
import binascii
from urllib.parse import unquote_plus

import orjson
from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from assay import accounts
from assay.accounts.types import Verb
from assay.api.answers.key_shapes import AccessToken
from assay.api.routes.common import State
from assay.kit.errors import Forbidden, Unauthorized

router = APIRouter(prefix="/v1", tags=["keys"])

FORM = "application/x-www-form-urlencoded"
_PARAMETER = {"type": "string", "maxLength": 200}
_BODY = {
    "required": True,
    "content": {
        FORM: {
            "schema": {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"type": "string", "enum": ["client_credentials"]},
                    "scope": {**_PARAMETER, "description": "Scopes, separated by spaces."},
                    "client_id": {**_PARAMETER, "description": "The key's id, without Basic."},
                    "client_secret": {**_PARAMETER, "description": "The key, without Basic."},
                },
            }
        }
    },
}
_OAUTH_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}


class OAuthError(Exception):
    """An error in OAuth's words (RFC 6749 5.2)."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


@router.post(
    "/token",
    response_model=AccessToken,
    openapi_extra={"requestBody": _BODY},
    responses={
        status: {"description": text, "content": {"application/json": {"schema": _OAUTH_ERROR}}}
        for status, text in ((400, "Bad request"), (401, "Unknown client"))
    },
)
async def create_token(state: State, request: Request) -> Response:
    """Buy an access token: `grant_type=client_credentials`, the key's id and the key itself by HTTP
    Basic or in the form. It stands for an hour and dies with its key.
    """
    try:
        form = await read_form(request)
        client_id, secret = read_client(request, form)
        scopes = read_scopes(form)
        issued = await state.read(
            accounts.issue_token, state.database, state.clock, client_id, secret, scopes
        )
    except OAuthError as error:
        return refuse(error)
    except Unauthorized as error:
        return refuse(OAuthError("invalid_client", error.message, 401))
    except Forbidden as error:
        return refuse(OAuthError("invalid_scope", error.message))
    return write(
        {
            "access_token": issued.text,
            "token_type": "Bearer",
            "expires_in": issued.expires_in_s,
            "scope": " ".join(sorted(issued.scopes)),
        }
    )


async def read_form(request: Request) -> FormData:
    """The form. Raises OAuthError for anything else and for a grant that is not ours."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise OAuthError("invalid_request", f"The body must be {FORM}.")
    form = await request.form()
    names = [name for name, _ in form.multi_items()]
    if len(names) != len(set(names)):
        raise OAuthError("invalid_request", "A parameter is given twice.")
    grant = form.get("grant_type")
    if grant is None:
        raise OAuthError("invalid_request", "grant_type is missing.")
    if grant != "client_credentials":
        raise OAuthError("unsupported_grant_type", "Only client_credentials is known here.")
    return form


def read_client(request: Request, form: FormData) -> tuple[str, str]:
    """(key id, secret) by HTTP Basic or from the form, the secret also as the whole key text.

    Raises OAuthError for none, for both ways at once, and for what is malformed.
    """
    header = request.headers.getlist("authorization")
    in_form = form.get("client_id") is not None or form.get("client_secret") is not None
    if len(header) > 1 or (header and in_form):
        raise OAuthError("invalid_request", "The client must be named in one way.")
    if header:
        client_id, secret = read_basic(header[0])
    else:
        client_id, secret = str(form.get("client_id", "")), str(form.get("client_secret", ""))
    prefix = f"ak_{client_id.removeprefix('ak_')}"
    return prefix[3:], secret.removeprefix(prefix + "_")


def read_basic(header: str) -> tuple[str, str]:
    """(user, password) of HTTP Basic, each form-encoded (RFC 6749 2.3.1). Raises OAuthError."""
    scheme, _, encoded = header.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    user, colon, password = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise OAuthError("invalid_client", "The client must be named by HTTP Basic.", 401)
    return unquote_plus(user), unquote_plus(password)


def read_scopes(form: FormData) -> frozenset[Verb] | None:
    """The scopes asked for; None for all of the key. Raises OAuthError for an unknown one."""
    words = str(form.get("scope", "")).split()
    try:
        return frozenset(Verb(word) for word in words) or None
    except ValueError:
        raise OAuthError("invalid_scope", "A scope is not known here.") from None


def refuse(error: OAuthError) -> Response:
    """The error as RFC 6749 has it."""
    answer = write({"error": error.code, "error_description": error.description}, error.status)
    if error.status == 401:
        answer.headers["www-authenticate"] = 'Basic realm="assay"'
    return answer


def write(document: dict[str, object], status: int = 200) -> Response:
    """An answer that nobody keeps."""
    headers = {"cache-control": "no-store", "pragma": "no-cache"}
    return Response(orjson.dumps(document), status, headers, "application/json")
