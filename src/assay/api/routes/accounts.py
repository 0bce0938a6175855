"""Accounts: sign up, and what the owner of the installation does with them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from assay import accounts
from assay.accounts.types import Account
from assay.api.answers import people as shown
from assay.api.answers import people_shapes as shapes
from assay.api.routes.people import Administrator, People, refusals
from assay.kit.errors import Forbidden

router = APIRouter(prefix="/v1", tags=["accounts"])

AccountId = Annotated[str, Path(max_length=20, examples=["acc_0123456789abcdef"])]


@router.post(
    "/accounts",
    response_model=shapes.AccountAnswer,
    status_code=201,
    responses=refusals(403, 429),
)
async def create_account(people: People, request: Request, body: shapes.NewAccount) -> Response:
    """Sign up with e-mail and password (10 to 128 characters). Then sign in: POST /v1/session."""
    if people.settings.sign_up == "closed":
        raise Forbidden("Sign-up is closed here.", hint="Ask the owner for an account.")

    def sign_up() -> Account:
        return accounts.sign_up(
            people.database,
            people.clock,
            email=body.email,
            password=body.password.get_secret_value(),
            caller=shown.read_caller(request),
            passwords=people.desk.passwords,
        )

    return shown.answer(shown.show_account(await people.desk.run(sign_up)), 201)


@router.get("/accounts", response_model=shapes.AccountList, responses=refusals(403, 429))
async def list_accounts(
    people: People, _: Administrator, query: Annotated[shapes.PageQuery, Query()]
) -> Response:
    """List all accounts, ascending by id (owner)."""

    def read() -> list[Account]:
        after = query.cursor or ""
        return accounts.list_accounts(people.database, after=after, limit=query.limit + 1)

    listed = await people.read(read)
    rows = [shown.show_account(account) for account in listed]
    return shown.answer_page(rows, query.limit, [account.account_id for account in listed])


@router.get(
    "/accounts/{account_id}", response_model=shapes.AccountAnswer, responses=refusals(403, 429)
)
async def get_account(people: People, _: Administrator, account_id: AccountId) -> Response:
    """Get one account (owner)."""
    account = await people.read(accounts.get_account, people.database, account_id)
    return shown.answer(shown.show_account(account))


@router.patch(
    "/accounts/{account_id}", response_model=shapes.AccountAnswer, responses=refusals(403, 429)
)
async def change_account(
    people: People,
    request: Request,
    owner: Administrator,
    account_id: AccountId,
    body: shapes.AccountRuling,
) -> Response:
    """Change role or plan of an account, disable or enable it (owner). Sessions and keys of a
    disabled account are refused within a second; the last owner stays one.
    """

    def change() -> Account:
        if body.plan is not None:
            shown.check_plan(people, body.plan)
        return accounts.change_account(
            people.database,
            people.clock,
            account_id,
            role=body.role,
            plan=body.plan,
            is_disabled=body.is_disabled,
            by=owner.account_id,
            caller=shown.read_caller(request),
        )

    return shown.answer(shown.show_account(await people.read(change)))


@router.get("/audit", response_model=shapes.AuditList, responses=refusals(403, 429))
async def list_audit(
    people: People, _: Administrator, query: Annotated[shapes.PageQuery, Query()]
) -> Response:
    """List what happened to all accounts, newest first (owner)."""
    return await shown.answer_audit(people, query, None)
