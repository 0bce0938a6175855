"""API keys of one's own account, or of others' for who may administer; plans; usage."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from assay import accounts
from assay.accounts.types import KeyRecord, Plan, Principal, Verb
from assay.api.answers import key_shapes as shapes
from assay.api.answers.common import write_json
from assay.api.answers.people import answer, answer_nothing, read_caller
from assay.api.routes.common import State
from assay.api.routes.people import Holder, People, refusals
from assay.api.sealed import Content, SealedResponse
from assay.api.state import ApiState
from assay.kit.errors import BadInput, Forbidden

router = APIRouter(prefix="/v1", tags=["keys"])
plans = APIRouter(prefix="/v1", tags=["plans"])

KeyId = Annotated[str, Path(max_length=16, examples=["0123456789abcdef"])]


@router.post(
    "/keys", status_code=201, response_model=shapes.ShownKeyAnswer, responses=refusals(403)
)
async def create_key(
    people: People,
    holder: Holder,
    request: Request,
    body: shapes.NewKey,
    query: Annotated[shapes.AccountQuery, Query()],
) -> Response:
    """Make a key. Its text is in this answer and nowhere else, ever."""
    check_scopes(holder, body.scopes)
    make = partial(
        accounts.create_key,
        people.database,
        people.clock,
        choose_account(holder, query.account_id),
        name=body.name,
        scopes=body.scopes,
        expires_at=read_ending(body.expires_at),
        requests_per_minute=body.requests_per_minute,
        by=holder.account_id,
        address=read_caller(request).address,
    )
    record, text = await people.read(make)
    return answer({**show_key(record), "key": text}, 201)


@router.get("/keys", response_model=shapes.KeysAnswer, responses=refusals(403))
async def list_keys(
    people: People, holder: Holder, query: Annotated[shapes.AccountQuery, Query()]
) -> Response:
    """List the keys of an account, the newest first, without their secrets."""
    account_id = choose_account(holder, query.account_id)
    found = await people.read(accounts.list_keys, people.database, account_id)
    return answer([show_key(record) for record in found], next_cursor=None)


@router.get("/keys/{key_id}", response_model=shapes.KeyAnswer, responses=refusals(403))
async def get_key(people: People, holder: Holder, key_id: KeyId) -> Response:
    """Get a key without its secret."""
    record = await people.read(accounts.get_key, people.database, key_id, whose(holder))
    return answer(show_key(record))


@router.patch("/keys/{key_id}", response_model=shapes.KeyAnswer, responses=refusals(403))
async def change_key(
    people: People, holder: Holder, request: Request, key_id: KeyId, body: shapes.KeyChange
) -> Response:
    """Change a key's name, scopes, end or own rate; what is left out stays."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    for name in ("name", "scopes"):
        if name in changes and changes[name] is None:
            raise BadInput(f"{name}: cannot be null.", hint="Leave it out to keep it.")
    check_scopes(holder, changes.get("scopes", frozenset()))
    if "expires_at" in changes:
        changes["expires_at"] = read_ending(changes["expires_at"])
    change = partial(
        accounts.change_key,
        people.database,
        people.clock,
        key_id,
        whose(holder),
        changes,
        held=holder.scopes,
        by=holder.account_id,
        address=read_caller(request).address,
    )
    record = await people.read(change)
    await look(people)
    return answer(show_key(record))


@router.delete("/keys/{key_id}", status_code=204, responses=refusals(403))
async def revoke_key(people: People, holder: Holder, request: Request, key_id: KeyId) -> Response:
    """Revoke a key. It and the tokens it bought end everywhere within a second."""
    revoke = partial(
        accounts.revoke_key,
        people.database,
        people.clock,
        key_id,
        whose(holder),
        by=holder.account_id,
        address=read_caller(request).address,
    )
    await people.read(revoke)
    await look(people)
    return answer_nothing()


@router.post("/keys/{key_id}/rotate", response_model=shapes.ShownKeyAnswer, responses=refusals(403))
async def rotate_key(
    people: People,
    holder: Holder,
    request: Request,
    key_id: KeyId,
    body: shapes.Rotation | None = None,
) -> Response:
    """Give a key a new secret. The old one stands for `overlap_s` seconds more, by default none."""
    rotate = partial(
        accounts.rotate_key,
        people.database,
        people.clock,
        key_id,
        whose(holder),
        overlap=timedelta(seconds=body.overlap_s if body else 0),
        held=holder.scopes,
        by=holder.account_id,
        address=read_caller(request).address,
    )
    record, text = await people.read(rotate)
    await look(people)
    return answer({**show_key(record), "key": text})


@plans.get("/plans", response_model=shapes.PlansAnswer)
async def list_plans(state: State) -> SealedResponse:
    """List the plans: how much each allows."""
    known = state.access.plans if state.access else accounts.load_plans(state.home)
    shown = sorted(known.by_name.values(), key=lambda plan: plan.requests_per_minute or 2**63)
    body = write_json({"data": [show_plan(plan) for plan in shown], "next_cursor": None})
    return SealedResponse(Content(body))


@router.get("/usage", response_model=shapes.UsageAnswer, responses=refusals(403))
async def get_usage(
    people: People, holder: Holder, query: Annotated[shapes.UsageQuery, Query()]
) -> Response:
    """Get what an account used: this month so far with its limit, and each day by key and group of
    routes. Requests of the last second may be missing.
    """
    account_id = choose_account(holder, query.account_id)
    return answer(await people.read(read_usage, people, account_id, query.since))


def read_usage(state: ApiState, account_id: str, since: date | None) -> dict[str, object]:
    """The usage of an account. Raises NotFound."""
    account = accounts.get_account(state.database, account_id)
    known = state.access.plans if state.access else accounts.load_plans(state.home)
    plan = known.get(account.plan)
    now = state.clock.now()
    month = accounts.month_of(now)
    with state.database.read() as connection:
        used = accounts.load_used(connection, f"{account_id}:{month}")
        rows = accounts.list_usage(
            connection, account_id, since.isoformat() if since else f"{month}-01"
        )
    days = [
        {"day": day, "key_id": key_id or None, "group": group, "requests": requests}
        for day, key_id, group, requests in rows
    ]
    return {
        "account_id": account_id,
        "plan": show_plan(plan),
        "month": month,
        "month_requests": used or sum(row[3] for row in rows if row[0].startswith(month)),
        "month_limit": plan.requests_per_month,
        "resets_at": accounts.end_of_month(now),
        "days": days,
    }


async def look(people: ApiState) -> None:
    """Let this process see at once what it has just changed; others look twice a second."""
    if people.access is not None:
        await people.access.poll()


def choose_account(holder: Principal, account_id: str | None) -> str:
    """One's own account, or another for who may administer. Raises Forbidden."""
    if account_id is None or account_id == holder.account_id:
        return holder.account_id
    if not holder.may(Verb.ADMINISTER):
        raise Forbidden(
            "Another account's keys and usage need the scope `administer`.",
            hint="Leave `account_id` out for your own.",
        )
    return account_id


def whose(holder: Principal) -> str | None:
    """Whose keys may be touched: one's own; None is everybody's."""
    return None if holder.may(Verb.ADMINISTER) else holder.account_id


def check_scopes(holder: Principal, scopes: frozenset[Verb]) -> None:
    """Raise Forbidden for a scope that who asks does not have: no key is more than its maker."""
    missing = sorted(scope.value for scope in scopes if not holder.may(scope))
    if missing:
        raise Forbidden(
            f"The scope `{missing[0]}` cannot be given by who does not have it.",
            hint="Ask for scopes of your own.",
        )


def read_ending(moment: datetime | None) -> datetime | None:
    """`expires_at`. Raises BadInput for a moment without its offset."""
    if moment is not None and moment.tzinfo is None:
        raise BadInput(
            "expires_at: has no offset.", hint="Write it in UTC, such as 2027-01-01T00:00:00Z."
        )
    return moment


def show_key(record: KeyRecord) -> dict[str, object]:
    """A key as it is shown."""
    shown = {name: getattr(record, name) for name in shapes.KeyShape.model_fields}
    return {**shown, "scopes": sorted(record.scopes)}


def show_plan(plan: Plan) -> dict[str, object]:
    """A plan as it is shown."""
    return {
        "name": plan.name,
        "requests_per_minute": plan.requests_per_minute,
        "requests_per_month": plan.requests_per_month,
        "unfinished_jobs": plan.unfinished_jobs,
        "streams": plan.streams,
        "stream_subscriptions": plan.stream_subscriptions,
        "per_route": dict(plan.per_route),
    }
