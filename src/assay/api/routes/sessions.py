"""Sign in, go on, sign out. Open to anybody but for reading and ending one's own session."""

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from assay import accounts
from assay.accounts.types import SignedIn
from assay.api.answers import people as shown
from assay.api.answers import people_shapes as shapes
from assay.api.routes.common import Asking
from assay.api.routes.people import People, refusals
from assay.kit.errors import Conflict, Unauthorized

router = APIRouter(prefix=shown.SESSION_PATH, tags=["accounts"])


@router.post("", response_model=shapes.SessionStarted, responses=refusals(403, 429))
async def sign_in(people: People, request: Request, body: shapes.Credentials) -> Response:
    """Sign in with e-mail and password. The session comes as cookies, the CSRF token in the body.

    An unknown e-mail and a wrong password get the same answer after the same work.
    """

    def check() -> SignedIn:
        return accounts.sign_in_with_password(
            people.database,
            people.clock,
            email=body.email,
            password=body.password.get_secret_value(),
            caller=shown.read_caller(request),
            device=request.cookies.get(shown.DEVICE_COOKIE, ""),
            passwords=people.desk.passwords,
        )

    return shown.answer_session(await people.desk.run(check), request)


@router.get("", response_model=shapes.SessionAnswer, responses=refusals(403, 429))
async def get_session(people: People, request: Request, asking: Asking) -> Response:
    """Get who is signed in, with the CSRF token of the session."""
    account = await people.read(accounts.get_account, people.database, asking.account_id)
    csrf = shown.read_csrf(request) if asking.session_id is not None else None
    return shown.answer(
        {
            "account": shown.show_account(account),
            "session_id": asking.session_id,
            "csrf_token": csrf,
        }
    )


@router.delete("", status_code=204, responses=refusals(403, 429))
async def sign_out(people: People, request: Request, asking: Asking) -> Response:
    """Sign out: the session ends everywhere within a second, its cookies are dropped."""
    if asking.session_id is None:
        raise Conflict("A key asks; there is no session to end.", hint="Revoke the key instead.")
    await people.read(
        accounts.end_session,
        people.database,
        people.clock,
        asking.account_id,
        asking.session_id,
        shown.read_caller(request),
    )
    return shown.drop_cookies(shown.answer_nothing(), request)


@router.post("/refresh", response_model=shapes.SessionStarted, responses=refusals(403))
async def refresh_session(people: People, request: Request) -> Response:
    """Refresh the session by its refresh cookie, which is good once: it comes anew, with a new
    access cookie and CSRF token. A refresh cookie that comes twice ends the session.
    """
    token = request.cookies.get(shown.REFRESH_COOKIE, "")
    if not token:
        raise Unauthorized("There is no refresh cookie.", hint="Sign in.")
    caller = shown.read_caller(request)
    signed_in = await people.read(
        accounts.refresh_session, people.database, people.clock, token, caller
    )
    return shown.answer_session(signed_in, request)


@router.post("/wallet/nonce", response_model=shapes.ChallengeAnswer, responses=refusals(403, 429))
async def create_wallet_nonce(
    people: People, request: Request, body: shapes.WalletRequest
) -> Response:
    """Get the EIP-4361 message that a wallet signs to sign in; it is good once, for five minutes.

    Contract wallets (EIP-1271) are not supported.
    """
    ask = partial(
        accounts.create_challenge,
        people.database,
        people.clock,
        shown.read_site(request),
        shown.read_caller(request),
        address=body.address,
        chain_id=body.chain_id,
    )
    return shown.answer(await people.desk.run(ask))


@router.post("/wallet", response_model=shapes.SessionStarted, responses=refusals(403, 429))
async def sign_in_with_wallet(
    people: People, request: Request, body: shapes.SignedMessage
) -> Response:
    """Sign in with a message that the wallet signed; the first time this creates its account."""
    check = partial(
        accounts.sign_in_with_wallet,
        people.database,
        people.clock,
        shown.read_site(request),
        body.read(),
        shown.read_caller(request),
        may_sign_up=people.settings.sign_up == "open",
    )
    return shown.answer_session(await people.desk.run(check), request)


@router.post(
    "/reset/request",
    response_model=shapes.NoticeAnswer,
    status_code=202,
    responses=refusals(403, 429),
)
async def request_password_reset(
    people: People, request: Request, body: shapes.ResetRequest
) -> Response:
    """Ask for a password reset; the same answer for a known and an unknown e-mail. No mail is sent:
    the owner sees the request in the audit trail and hands out a token.
    """
    await people.read(
        accounts.request_reset,
        people.database,
        people.clock,
        body.email,
        shown.read_caller(request),
    )
    notice = "If this e-mail has an account, its installation's owner sees the request."
    return shown.answer({"message": f"{notice} Ask them for a reset token: no mail is sent."}, 202)


@router.post("/reset", response_model=shapes.SessionStarted, responses=refusals(403, 429))
async def reset_password(people: People, request: Request, body: shapes.NewPassword) -> Response:
    """Set a new password by a reset token; ends all sessions and begins a new one."""

    def reset() -> SignedIn:
        return accounts.reset_password(
            people.database,
            people.clock,
            token=body.token.get_secret_value(),
            new=body.new_password.get_secret_value(),
            caller=shown.read_caller(request),
            passwords=people.desk.passwords,
        )

    return shown.answer_session(await people.desk.run(reset), request)
