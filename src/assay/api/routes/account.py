"""One's own account: read, change, take out, delete."""

from functools import partial
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from assay import accounts
from assay.accounts.types import WalletPurpose
from assay.api.answers import people as shown
from assay.api.answers import people_shapes as shapes
from assay.api.routes.people import Holder, People, refusals

router = APIRouter(prefix="/v1/account", tags=["accounts"])

SessionId = Annotated[str, Path(max_length=16, examples=["0123456789abcdef"])]


@router.get("", response_model=shapes.AccountAnswer, responses=refusals(403, 429))
async def get_own_account(people: People, holder: Holder) -> Response:
    """Get one's own account."""
    account = await people.read(accounts.get_account, people.database, holder.account_id)
    return shown.answer(shown.show_account(account))


@router.patch("", response_model=shapes.AccountAnswer, responses=refusals(403, 429))
async def change_own_account(
    people: People, request: Request, holder: Holder, body: shapes.AccountChange
) -> Response:
    """Change one's e-mail; needs the present password or a signature of the account's wallet."""
    setting = shown.read_setting(request)
    confirm = partial(
        accounts.confirm_holder,
        people.database,
        people.clock,
        holder.account_id,
        body.read(),
        setting,
    )
    await people.desk.run(confirm)
    account = await people.read(
        accounts.change_email,
        people.database,
        people.clock,
        holder.account_id,
        body.email,
        setting.caller,
    )
    return shown.answer(shown.show_account(account))


@router.delete("", status_code=204, responses=refusals(403, 429))
async def delete_own_account(
    people: People, request: Request, holder: Holder, body: shapes.Confirmation
) -> Response:
    """Delete one's account and everything personal, for ever; needs the present password or a
    message signed by the account's wallet (`purpose` delete). Keys and sessions die within a
    second.
    """
    confirm = partial(
        accounts.confirm_holder,
        people.database,
        people.clock,
        holder.account_id,
        body.read(),
        shown.read_setting(request),
        purpose=WalletPurpose.DELETE,
    )
    await people.desk.run(confirm)
    await people.read(
        accounts.delete_account,
        people.database,
        people.clock,
        holder.account_id,
        people.desk.erasers,
    )
    return shown.drop_cookies(shown.answer_nothing(), request)


@router.post("/password", status_code=204, responses=refusals(403, 429))
async def change_password(
    people: People, request: Request, holder: Holder, body: shapes.PasswordChange
) -> Response:
    """Change one's password; ends every other session. Needs the present one or a signature of the
    account's wallet; keys stay as they are.
    """

    def change() -> None:
        accounts.change_password(
            people.database,
            people.clock,
            holder.account_id,
            new=body.new_password.get_secret_value(),
            proof=body.read(),
            setting=shown.read_setting(request),
            session_id=holder.session_id,
            passwords=people.desk.passwords,
        )

    await people.desk.run(change)
    return shown.answer_nothing()


@router.post("/wallet/nonce", response_model=shapes.ChallengeAnswer, responses=refusals(403, 429))
async def create_own_wallet_nonce(
    people: People, request: Request, holder: Holder, body: shapes.OwnWalletRequest
) -> Response:
    """Get the EIP-4361 message that a wallet signs to be linked, to confirm a change or the
    deletion; it is good once, for this account and purpose, for five minutes.
    """
    ask = partial(
        accounts.create_challenge,
        people.database,
        people.clock,
        shown.read_site(request),
        shown.read_caller(request),
        address=body.address,
        chain_id=body.chain_id,
        purpose=WalletPurpose(body.purpose),
        account_id=holder.account_id,
    )
    return shown.answer(await people.desk.run(ask))


@router.put("/wallet", response_model=shapes.AccountAnswer, responses=refusals(403, 429))
async def link_wallet(
    people: People, request: Request, holder: Holder, body: shapes.WalletLink
) -> Response:
    """Let a wallet sign in to this account, in place of one linked before."""
    setting = shown.read_setting(request)

    def link() -> object:
        accounts.confirm_holder(
            people.database, people.clock, holder.account_id, body.read(), setting
        )
        account = accounts.link_wallet(
            people.database,
            people.clock,
            holder.account_id,
            setting.site,
            body.link.read(),
            setting.caller,
        )
        return shown.show_account(account)

    return shown.answer(await people.desk.run(link))


@router.delete("/wallet", response_model=shapes.AccountAnswer, responses=refusals(403, 429))
async def unlink_wallet(
    people: People, request: Request, holder: Holder, body: shapes.Confirmation
) -> Response:
    """Take the wallet off the account; a password must stand in its place."""
    setting = shown.read_setting(request)

    def unlink() -> object:
        accounts.confirm_holder(
            people.database, people.clock, holder.account_id, body.read(), setting
        )
        account = accounts.unlink_wallet(
            people.database, people.clock, holder.account_id, setting.caller
        )
        return shown.show_account(account)

    return shown.answer(await people.desk.run(unlink))


@router.get("/export", response_model=shapes.ExportAnswer, responses=refusals(403, 429))
async def export_account(people: People, request: Request, holder: Holder) -> Response:
    """Get everything that is kept about one's account, as one JSON document; no secrets."""
    document = await people.read(
        accounts.export_account,
        people.database,
        people.clock,
        holder.account_id,
        people.desk.collectors,
        shown.read_caller(request),
    )
    headers = {
        "cache-control": shown.NO_STORE,
        "content-disposition": 'attachment; filename="assay-account.json"',
    }
    body = orjson.dumps(document, option=orjson.OPT_UTC_Z)
    return Response(body, 200, headers, "application/json")


@router.get("/sessions", response_model=shapes.SessionList, responses=refusals(403, 429))
async def list_own_sessions(people: People, holder: Holder) -> Response:
    """List one's sessions, the last used first."""
    listed = await people.read(
        accounts.list_sessions, people.database, people.clock, holder.account_id
    )
    rows = [shown.show_session(session, holder.session_id) for session in listed]
    return shown.answer(rows, next_cursor=None)


@router.delete("/sessions", response_model=shapes.SessionsEnded, responses=refusals(403, 429))
async def end_other_sessions(people: People, request: Request, holder: Holder) -> Response:
    """End all of one's sessions but the one that asks."""
    ended = await people.read(
        accounts.end_other_sessions,
        people.database,
        people.clock,
        holder.account_id,
        holder.session_id,
        shown.read_caller(request),
    )
    return shown.answer({"ended": ended})


@router.delete("/sessions/{session_id}", status_code=204, responses=refusals(403, 429))
async def end_session(
    people: People, request: Request, holder: Holder, session_id: SessionId
) -> Response:
    """End one of one's sessions, within a second everywhere."""
    await people.read(
        accounts.end_session,
        people.database,
        people.clock,
        holder.account_id,
        session_id,
        shown.read_caller(request),
    )
    return shown.answer_nothing()


@router.get("/audit", response_model=shapes.AuditList, responses=refusals(403, 429))
async def list_own_audit(
    people: People, holder: Holder, query: Annotated[shapes.PageQuery, Query()]
) -> Response:
    """List what happened to one's account, newest first."""
    return await shown.answer_audit(people, query, holder.account_id)
