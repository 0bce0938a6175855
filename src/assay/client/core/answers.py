"""Reads answers: bytes into typed rows, problem documents into errors. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from assay.client.core.retries import RETRIED, parse_retry_after
from assay.client.errors import (
    BY_STATUS,
    ClientError,
    Refused,
    ServerFailed,
    Unreadable,
    WrongField,
)

PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: status, headers by lower-case name, body without its content coding."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Media type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@cache
def find_reader(shape: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - any type at all
    """The reader of a shape; building one takes milliseconds, so it is built once."""
    return TypeAdapter(shape)


def read_answer(reply: Reply, shape: Any) -> Any:  # noqa: ANN401 - an instance of `shape`
    """The body as `shape`: `bytes` as it is, `str` as text, None as nothing, else from JSON.

    Members that `shape` does not know are ignored. Raises Unreadable where others are missing or
    of another type.
    """
    if shape is None:
        return None
    if shape is bytes:
        return reply.body
    if shape is str:
        return reply.body.decode("utf-8", errors="replace")
    try:
        return find_reader(shape).validate_json(reply.body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Unreadable(
            f"The answer is not of the expected shape: {where or 'body'}: {first['msg']}.",
            code="unreadable",
            hint="Is this address an Assay server, and is the client not older than it?",
            status=reply.status,
        ) from error


def read_problem(reply: Reply) -> ClientError:
    """The error that an answer of 300 or above stands for, problem document or not."""
    fallback = ServerFailed if reply.status >= 500 else Refused
    kind = BY_STATUS.get(reply.status, fallback)
    problem = _load_problem(reply)
    return kind(
        str(problem.get("detail") or f"The server answered {reply.status}."),
        code=str(problem.get("code") or f"http-{reply.status}"),
        hint=str(problem.get("hint") or ""),
        status=reply.status,
        # A gateway in between answers without a problem document, but in the same words.
        retryable=bool(problem.get("retryable", reply.status in RETRIED)),
        errors=[_read_field(item) for item in _list(problem.get("errors"))],
        retry_after_s=parse_retry_after(reply.headers),
    )


def _load_problem(reply: Reply) -> Mapping[str, Any]:
    if reply.media_type != PROBLEM:
        return {}
    try:
        problem = json.loads(reply.body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_field(item: object) -> WrongField:
    members = item if isinstance(item, dict) else {}
    return WrongField(
        str(members.get("where", "")),
        str(members.get("parameter", "")),
        str(members.get("message", "")),
    )
