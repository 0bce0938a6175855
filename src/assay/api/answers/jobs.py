"""How jobs are shown, and what may be asked of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from assay.accounts.types import Principal, Verb
from assay.api.answers.people import answer
from assay.api.cursors import Cursor, fingerprint, format_cursor, parse_cursor
from assay.api.idempotency import HOLD
from assay.api.parameters import Limit, PageCursor, Query
from assay.api.problems import PROBLEMS
from assay.api.schemas import Shape
from assay.api.state import ApiState
from assay.kit.errors import AssayError, BadInput, Forbidden
from assay.kit.idempotency import Answer
from assay.kit.jobs import JobQuery, JobRecord, JobState, describe_job
from assay.kit.moments import to_microseconds
from assay.kit.telemetry import traceparent

JSON = "application/json"
NO_STORE = "no-store"
DOCUMENT = "document"

KindName = Literal["evaluation", "backtest", "backfill", "reproduction", "facts", "training"]
StateName = Literal["queued", "running", "done", "failed", "cancelled"]


class NewJob(BaseModel):
    """What is to be done. The parameters of each kind are those of its own path."""

    model_config = ConfigDict(extra="forbid")

    kind: KindName
    parameters: Annotated[
        dict[str, Any],
        Field(
            description="As the body of POST /v1/evaluations, /v1/backtests, /v1/backfills; of a"
            " reproduction `kinds`, `sample`, `seed` and `until`; of facts `venue` and `intervals`;"
            " of a training `kinds`."
        ),
    ] = {}


class JobProblem(Shape):
    """Why a job failed: the members of a problem document."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str
    retryable: bool


class JobLinks(Shape):
    """Where to go on."""

    self: str
    events: str
    result: Annotated[str | None, Field(description="Null until the job is done.")]
    page: Annotated[str | None, Field(description="The result for people; not of every kind.")]


class JobShape(Shape):
    """A job: who asked for what, how far it is, what came of it."""

    job_id: str
    account_id: str
    kind: str
    parameters: dict[str, Any]
    state: StateName
    label: Annotated[str, Field(description="What it is doing; `done` of `total` of that.")]
    done: int
    total: int
    percent: float
    attempts: Annotated[int, Field(description="Above 1 where a worker was lost or stopped.")]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: JobProblem | None
    links: JobLinks


class JobAnswer(Shape):
    """One job."""

    data: JobShape


class JobPage(Shape):
    """Jobs, newest first."""

    data: list[JobShape]
    next_cursor: Annotated[
        str | None, Field(description="Cursor of the next page; null: the last.")
    ]


class JobsQuery(Query):
    """Which jobs to list."""

    state: Annotated[StateName | None, Field(description="Only jobs in this state.")] = None
    kind: Annotated[KindName | None, Field(description="Only jobs of this kind.")] = None
    limit: Limit = 100
    cursor: PageCursor = None


def show_job(record: JobRecord, files: Sequence[str] = ()) -> dict[str, Any]:
    """A job as it is shown; `files` are the names of its result."""
    own = f"/v1/jobs/{record.job_id}"
    is_done = record.state is JobState.DONE
    links = {
        "self": own,
        "events": f"{own}/events",
        "result": f"{own}/result" if is_done else None,
        "page": f"{own}/result/page" if "page" in files else None,
    }
    error = show_problem(record.error) if record.error else None
    described = describe_job(record)
    return {**described, "account_id": record.account_id, "error": error, "links": links}


def _show_all(state: ApiState, records: Sequence[JobRecord]) -> list[dict[str, Any]]:
    done = [record.job_id for record in records if record.state is JobState.DONE]
    files = state.jobs.list_files(done) if done else {}
    return [show_job(record, files.get(record.job_id, ())) for record in records]


def show_problem(error: Mapping[str, Any]) -> dict[str, Any]:
    """A stored problem with its type and title."""
    kind = PROBLEMS.get(error["code"], PROBLEMS[AssayError.code])
    hint = error["hint"] or kind.remedy
    return {"type": f"/errors#{error['code']}", "title": kind.title, **error, "hint": hint}


def submit(
    state: ApiState, principal: Principal, kind: str, parameters: Mapping[str, Any]
) -> Response:
    """Accept a job and say where it is. Raises Forbidden, RateLimited, Busy."""
    form = state.jobs.forms[kind]
    if not principal.may(Verb(form.verb)):
        raise Forbidden(
            f"Jobs of the kind {kind} need the scope `{form.verb}`.",
            hint="Use a key with that scope, of an account whose role allows it.",
        )
    record = state.jobs.submit(
        principal.account_id,
        kind,
        parameters,
        most_unfinished=principal.plan.unfinished_jobs,
        traceparent=traceparent(),
        on_accepted=_remember,
    )
    return answer_accepted(record)


def answer_accepted(record: JobRecord) -> Response:
    """That a job was accepted, and where it is."""
    headers = {"location": f"/v1/jobs/{record.job_id}", "cache-control": NO_STORE}
    return Response(orjson.dumps({"data": show_job(record)}), 202, headers, JSON)


def _remember(record: JobRecord) -> None:
    # The answer commits with the job: whoever sends the request again after a crash gets it.
    hold = HOLD.get()
    if hold is not None:
        said = answer_accepted(record)
        hold.answer = Answer(said.status_code, list(said.raw_headers), bytes(said.body))


def answer_job(state: ApiState, principal: Principal, job_id: str) -> Response:
    """One job. Raises NotFound, also for another's."""
    return answer(read_job(state, principal, job_id))


def read_job(state: ApiState, principal: Principal, job_id: str) -> dict[str, Any]:
    """One job as it is shown."""
    record = state.jobs.load(job_id, choose_account(principal))
    return _show_all(state, [record])[0]


def answer_jobs(state: ApiState, principal: Principal, query: JobsQuery) -> Response:
    """A page of jobs: one's own, or everybody's for who operates the installation."""
    account_id = choose_account(principal)
    scope = fingerprint("/v1/jobs", account_id, query.state, query.kind)
    before = None
    if query.cursor is not None:
        cursor = parse_cursor(query.cursor, scope)
        before = (cursor.position, cursor.anchor)
    found = state.jobs.list(
        JobQuery(
            account_id=account_id,
            states=frozenset({JobState(query.state)}) if query.state else frozenset(),
            kind=query.kind,
            before=before,
            limit=query.limit + 1,
        )
    )
    page = found[: query.limit]
    following = None
    if len(found) > query.limit:
        last = page[-1]
        following = format_cursor(Cursor(last.job_id, to_microseconds(last.created_at)), scope)
    return answer(_show_all(state, page), next_cursor=following)


def answer_result(state: ApiState, principal: Principal, job_id: str, name: str) -> Response:
    """A file of a result. Raises NotFound until the job is done, and for another's job."""
    state.jobs.load(job_id, choose_account(principal))
    file = state.jobs.load_file(job_id, name)
    headers = {"cache-control": NO_STORE}
    if file.media_type.startswith("text/html"):
        headers["content-security-policy"] = _PAGE_POLICY
    return Response(file.body, 200, headers, file.media_type)


def answer_cancelled(state: ApiState, principal: Principal, job_id: str) -> Response:
    """Cancel a job; the answer says how far that is."""
    state.jobs.load(job_id, choose_account(principal))
    state.jobs.cancel(job_id)
    return answer_job(state, principal, job_id)


def choose_account(principal: Principal) -> str | None:
    """Whose jobs are shown: one's own; everybody's (None) to who operates the installation."""
    return None if principal.may(Verb.OPERATE) else principal.account_id


def read_last_event(header: str | None) -> int:
    """The sequence that a reader has seen. Raises BadInput for what we never sent."""
    if header is None:
        return 0
    if not header.isascii() or not header.isdecimal() or len(header) > 18:
        raise BadInput("Last-Event-ID is not one of ours.", hint="Leave it out to start anew.")
    return int(header)


# The pages draw their charts themselves, without script.
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; sandbox"
)
