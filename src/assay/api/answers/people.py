"""Answers to people: never kept by anybody between, some with cookies."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

from fastapi import Request
from starlette.responses import Response

from assay import accounts
from assay.accounts import Setting, Site, load_plans
from assay.accounts.types import Account, AuditEntry, Caller, Session, SignedIn
from assay.api.answers.common import write_json
from assay.api.answers.people_shapes import AccountShape, AuditShape, PageQuery
from assay.api.state import ApiState
from assay.kit.errors import BadInput

NO_STORE = "no-store"
SESSION_COOKIE = "assay_session"
SECURE_SESSION_COOKIE = f"__Host-{SESSION_COOKIE}"
REFRESH_COOKIE = "assay_refresh"
DEVICE_COOKIE = "assay_device"
SESSION_PATH = "/v1/session"
ACCESS_S = 15 * 60
REFRESH_S = 30 * 86_400
DEVICE_S = 365 * 86_400
MAX_SEQUENCE = 2**63 - 1


def answer(data: object, status: int = 200, **members: object) -> Response:
    """One object or a page; never kept by anybody between us and the one who asked."""
    body = write_json({"data": data, **members})
    return Response(body, status, {"cache-control": NO_STORE}, "application/json")


def answer_nothing() -> Response:
    """That it is done."""
    return Response(None, 204, {"cache-control": NO_STORE})


def answer_page(rows: Sequence[object], limit: int, cursors: Sequence[str]) -> Response:
    """The first `limit` of `limit + 1` rows; `cursors` are those of the rows."""
    following = cursors[limit - 1] if len(rows) > limit else None
    return answer(rows[:limit], next_cursor=following)


def show_account(account: Account) -> dict[str, object]:
    """An account as it is shown."""
    return {name: getattr(account, name) for name in AccountShape.model_fields}


def show_session(session: Session, current: str | None) -> dict[str, object]:
    """A session as it is shown to its holder."""
    shown = {name: getattr(session, name) for name in Session.__slots__}
    return {**shown, "is_current": session.session_id == current}


def show_entry(entry: AuditEntry) -> dict[str, object]:
    """An entry of the trail as it is shown."""
    return {name: getattr(entry, name) for name in AuditShape.model_fields}


async def answer_audit(state: ApiState, query: PageQuery, account_id: str | None) -> Response:
    """A page of the trail of an account, or of all. Raises BadInput for a made-up cursor."""
    if query.cursor is not None and not query.cursor.isdecimal():
        raise BadInput("`cursor` is not one of this list.", hint="Take `next_cursor` unchanged.")
    read = partial(
        accounts.list_audit,
        state.database,
        account_id=account_id,
        before=None if query.cursor is None else min(int(query.cursor), MAX_SEQUENCE),
        limit=query.limit + 1,
    )
    entries = await state.read(read)
    rows = [show_entry(entry) for entry in entries]
    return answer_page(rows, query.limit, [str(entry.sequence) for entry in entries])


def answer_session(signed_in: SignedIn, request: Request) -> Response:
    """A session that has begun or was refreshed, with its cookies."""
    shown = {
        "account": show_account(signed_in.account),
        "session_id": signed_in.session_id,
        "csrf_token": signed_in.csrf,
        "expires_at": signed_in.expires_at,
        "refresh_expires_at": signed_in.refresh_expires_at,
    }
    response = answer(shown)
    secure = request.url.scheme == "https"
    name = SECURE_SESSION_COOKIE if secure else SESSION_COOKIE
    _set(response, name, signed_in.access, ACCESS_S, "/", secure=secure, same_site="lax")
    cookies = [(REFRESH_COOKIE, signed_in.refresh, REFRESH_S)]
    if signed_in.device is not None:
        cookies.append((DEVICE_COOKIE, signed_in.device, DEVICE_S))
    for name, value, age in cookies:
        _set(response, name, value, age, SESSION_PATH, secure=secure, same_site="strict")
    return response


def drop_cookies(response: Response, request: Request) -> Response:
    """Let the browser forget its session; it stays a known device."""
    secure = request.url.scheme == "https"
    name = SECURE_SESSION_COOKIE if secure else SESSION_COOKIE
    response.delete_cookie(name, "/", secure=secure, httponly=True, samesite="lax")
    response.delete_cookie(
        REFRESH_COOKIE, SESSION_PATH, secure=secure, httponly=True, samesite="strict"
    )
    return response


def read_caller(request: Request) -> Caller:
    """From where somebody asks; a trusted proxy's word has been put into the scope already."""
    address = request.client.host if request.client else ""
    return Caller(address, request.headers.get("user-agent", ""))


def read_site(request: Request) -> Site:
    """What the browser calls us; the guard has compared the Host with the list of allowed ones."""
    return Site(request.headers.get("host", "").lower(), request.url.scheme)


def read_csrf(request: Request) -> str | None:
    """The CSRF token of the session whose access cookie came; the guard has checked the cookie."""
    for name in (SECURE_SESSION_COOKIE, SESSION_COOKIE):
        parts = accounts.split_token(request.cookies.get(name, ""), "as")
        if parts is not None:
            return accounts.derive_csrf(parts[1])
    return None


def check_plan(state: ApiState, name: str) -> None:
    """That a plan exists. Raises BadInput."""
    if load_plans(state.home).find(name) is None:
        raise BadInput(f"There is no plan {name!r}.", hint="GET /v1/plans lists them.")


def read_setting(request: Request) -> Setting:
    """Both."""
    return Setting(read_site(request), read_caller(request))


def _set(
    response: Response,
    name: str,
    value: str,
    age_s: int,
    path: str,
    *,
    secure: bool,
    same_site: Literal["lax", "strict"],
) -> None:
    response.set_cookie(
        name, value, max_age=age_s, path=path, secure=secure, httponly=True, samesite=same_site
    )
