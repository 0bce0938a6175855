"""Success and error envelopes of the contract. Pure but for the response it makes."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

import orjson
from starlette.responses import Response

from assay.kit.errors import AssayError
from assay.tokenmetrics.types import Asked, Endpoint, Field, Found, Material, Missing

FETCHED = "Data fetched successfully"
NOTHING = "Nothing that is published or known fits what was asked."
JSON = "application/json"
RETRY_AFTER_S = 2


def write_found(endpoint: Endpoint, asked: Asked, found: Found, newest_day: date) -> bytes:
    """One page of what was found, as the envelope that clients unpack."""
    rows = shape_rows(endpoint.fields, found.rows)
    extra: dict[str, Any] = {}
    if endpoint.has_pagination:
        every = list(rows)
        pages = math.ceil(len(every) / asked.limit)
        extra["pagination"] = {"total": len(every), "totalPages": pages}
        rows = iter(every)
    page = list(islice(rows, asked.offset, asked.offset + asked.limit))
    if found.is_ascending:
        page.reverse()
    message = found.message or (FETCHED if page else explain_nothing(asked, newest_day))
    return write_envelope(page, message, **extra)


def explain_nothing(asked: Asked, newest_day: date) -> str:
    """Why a page is empty; clients that ask for today learn where the data end."""
    if asked.start is None or asked.start <= newest_day:
        return NOTHING
    return f"{NOTHING} The newest day of the data is {newest_day}."


def write_envelope(rows: Sequence[Mapping[str, Any]], message: str, **extra: object) -> bytes:
    """The envelope of a list."""
    body = {"success": True, "message": message, "length": len(rows), "data": rows, **extra}
    return orjson.dumps(body)


def shape_rows(fields: Sequence[Field], materials: Iterable[Material]) -> Iterator[dict[str, Any]]:
    """Rows under the contract's names; a row that would break a client is left out."""
    for material in materials:
        row = shape_row(fields, material)
        if row is not None:
            yield row


def shape_row(fields: Sequence[Field], material: Material) -> dict[str, Any] | None:
    """One row, or None if a value is missing that clients cannot do without."""
    row: dict[str, Any] = {}
    for field in fields:
        value = field.read(material)
        if value is not None or field.missing is Missing.NULL:
            row[field.name] = value
        elif field.missing is Missing.DROP:
            return None
    return row


class ContractError(Response):
    """A refusal as the contract's clients read it: `message` (JS, TS), `detail` (langchain)."""

    def __init__(self, error: AssayError) -> None:
        self.status_code = error.status
        self.background = None
        self.body = orjson.dumps(
            {
                "success": False,
                "message": error.message,
                "length": 0,
                "data": [],
                "detail": str(error),
                "code": error.code,
            }
        )
        self.raw_headers = [
            (b"content-type", JSON.encode()),
            (b"content-length", str(len(self.body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if error.retryable:
            wish = getattr(error, "retry_after_s", None)
            after = str(math.ceil(wish or RETRY_AFTER_S)).encode()
            self.raw_headers.append((b"retry-after", after))


def describe_error(error: AssayError) -> Response:
    """Any refusal under this face's prefix, the guard's and the quotas' included."""
    return ContractError(error)
