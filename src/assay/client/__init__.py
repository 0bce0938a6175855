"""The typed Python client: everything that the API answers, synchronous and asynchronous.

    with Client("http://127.0.0.1:8000") as assay:
        for grade in assay.list_grades("trader", limit=10).page().data:
            print(grade.rank, grade.symbol, grade.grade)

A method for each operation, of the same name as in the OpenAPI document; lists are read by row, by
`.page()`, by `.pages()`, or whole by `.to_polars()` / `.to_pandas()`. Decimals are `Decimal`, days
and moments `date` and `datetime`. Errors are one family (`ClientError`); what may pass by itself is
tried again. It knows nothing of the server but what that serves. `docs/client.md` shows more.
"""

from assay.client.asynchronous import AsyncListing
from assay.client.clients import AsyncClient, Client
from assay.client.core.calls import Answer, Page
from assay.client.core.retries import Retries
from assay.client.errors import (
    BadRequest,
    ClientError,
    Conflict,
    Forbidden,
    JobFailed,
    NotFound,
    Refused,
    ServerFailed,
    StillRunning,
    TimedOut,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    Unreadable,
    WrongField,
)
from assay.client.sync import Listing

__all__ = [
    "Answer",
    "AsyncClient",
    "AsyncListing",
    "BadRequest",
    "Client",
    "ClientError",
    "Conflict",
    "Forbidden",
    "JobFailed",
    "Listing",
    "NotFound",
    "Page",
    "Refused",
    "Retries",
    "ServerFailed",
    "StillRunning",
    "TimedOut",
    "TooManyRequests",
    "Unauthorized",
    "Unreachable",
    "Unreadable",
    "WrongField",
]
