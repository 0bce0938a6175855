"""Waiting for a job, as a conversation without a network. Pure: the caller brings the clock."""

from collections.abc import Callable

from assay.client.calls.jobs import get_job
from assay.client.core.exchange import Session, Steps, Wait, exchange
from assay.client.errors import JobFailed, StillRunning
from assay.client.shapes.jobs import JobShape

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 15.0
"""Every look counts against a quota. A pause is about half of the time waited before it."""


def watch_job(
    job_id: str,
    session: Session,
    timeout_s: float,
    now: Callable[[], float],
    tell: Callable[[JobShape], None] | None,
) -> Steps[JobShape]:
    """The job once it is done, looked at with growing pauses; `tell` hears of every look.

    Raises JobFailed where it failed or was cancelled, StillRunning after `timeout_s`.
    """
    until = now() + timeout_s
    pause = FIRST_PAUSE_S
    while True:
        answer = yield from exchange(get_job(job_id), session)
        job = answer.data
        if tell is not None:
            tell(job)
        if job.state not in ("queued", "running"):
            return check_outcome(job)
        left = until - now()
        if left <= 0:
            raise StillRunning(
                f"Job {job_id} has not ended within {timeout_s:g} s: {job.label or job.state}.",
                code="still-running",
                hint="It goes on at the server; wait for it again, or cancel it.",
                retryable=True,
            )
        yield Wait(min(pause, left))
        pause = min(LONGEST_PAUSE_S, pause * 1.5)


def check_outcome(job: JobShape) -> JobShape:
    """A job that ended well. Raises JobFailed for any other, with its problem."""
    if job.state == "done":
        return job
    problem = job.error
    if problem is None:
        raise JobFailed(f"Job {job.job_id} was {job.state}.", code=job.state)
    raise JobFailed(
        problem.detail,
        code=problem.code,
        hint=problem.hint,
        status=problem.status,
        retryable=problem.retryable,
    )
