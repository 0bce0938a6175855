"""The OpenAPI document: what the API says about itself, and the problem documents of each path."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from assay import __version__
from assay.api.problems import MEDIA_TYPE
from assay.api.schemas import Problem

TITLE = "Assay API"
SUMMARY = "What was said of the crypto market before the outcome, and can be checked after."
DESCRIPTION = """\
**This is research, not investment advice.** A grade ranks coins against one another; it is no
recommendation to buy, hold or sell anything, and past performance does not promise any.

### Method
Every judgement is a pure function of facts that were known at `as_of`; dead coins stay in the
history. **Trader grades** look 7 days ahead, **investor grades** 90. A grade from 0 to 100 is the
rank of a model's score among the coins of that day; the model was trained only on outcomes that had
ended before. A coin that cannot be judged gets *no view* with a reason, never a made-up number.
Signals, forecasts, indices, moonshots, the state of the market and the daily briefing are said the
same way. **Whether a signal beat holding says nothing alone**: sitting in cash beats holding a
falling coin. So `signal_return` stands beside its control `constant_return`, the same mean exposure
held constantly. Where a model did not beat the base rate, `skill` is false and the base rate is
shown.

### Words
- `as_of`: a bare date is the close of that day, 24:00 UTC. Symbols are read on that day (LUNA on
  2022-05-01 is today's LUNC); ids always mean the same token.
- `origin`: `live` was said before the outcome, `replay` under a replayed clock, `backfilled` later.
- `publication`: the immutable statement that an answer comes from; check it at
  `/v1/publications/{publication_id}`.

### Units
Prices, volumes, grades, probabilities and returns are **decimal strings**; ids, ranks and counts
integers; a return or share of `0.05` is 5 %, and where a member says log return, exp(0.05) - 1.
Prices are in the quote asset of the token's pair, as quoted then; `volume` in base units; members
that end in `_usd` in US dollars; times in UTC. `null` is missing, never zero.

### Lists and errors
Lists share one shape (`data`, `next_cursor`, `as_of`, `publication`, `origin`), errors another:
`application/problem+json` (RFC 9457) with a stable `code` and a `hint`; all codes are at
[/errors](/errors). Answers carry an `ETag`; send it in `If-None-Match` for a 304.

### Keys
In open local mode none is needed: no key, an empty one or `local` (as `Authorization: Bearer` or
`x-api-key`) is the local user, any other is refused.
"""
TAGS = [
    {"name": "grades", "description": "Judgements: what was said about each token, and why."},
    {"name": "signals", "description": "Long, short or none, with entry, stop, target, control."},
    {"name": "forecasts", "description": "Quantiles of prices, levels, scenarios."},
    {"name": "indices", "description": "Baskets by printed rules, net of costs."},
    {"name": "moonshots", "description": "Chances of great rises and falls, and outcomes."},
    {"name": "market_state", "description": "The market, figures of tokens, correlations."},
    {"name": "briefing", "description": "What changed in a day."},
    {"name": "facts", "description": "What happened: tokens and their candles."},
    {"name": "health", "description": "Is it up, is it ready."},
]
COMMON = {"400": "Bad Host header", "401": "Unknown key", "421": "Foreign Host"}
LOADED = {"503": "Still loading, or busy"}
ASKED = {"404": "No such token, day or publication", "422": "A parameter is wrong"}


def describe_api(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document of all declared routes."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=TITLE,
            version=__version__,
            summary=SUMMARY,
            description=DESCRIPTION,
            routes=app.routes,
            tags=TAGS,
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        )
        schemas = document["components"]["schemas"]
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        add_schema(schemas, "Problem", Problem.model_json_schema(ref_template=_REFERENCE))
        for path, operations in document["paths"].items():
            for operation in operations.values():
                describe_answers(path, operation)
                for parameter in operation.get("parameters", ()):
                    parameter["schema"] = drop_null(parameter["schema"])
        app.openapi_schema = document
    return app.openapi_schema


_REFERENCE = "#/components/schemas/{model}"


def add_schema(schemas: dict[str, Any], name: str, schema: dict[str, Any]) -> None:
    """Add a model and those it refers to."""
    schemas |= schema.pop("$defs", {})
    schemas[name] = schema


def drop_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter without its null: what a query leaves out, it cannot say."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) != 1:
        return schema
    return {**choices[0], **{name: item for name, item in schema.items() if name != "anyOf"}}


def describe_answers(path: str, operation: dict[str, Any]) -> None:
    """Say of one operation which problems it answers, and that it knows 304."""
    answers = operation["responses"]
    answers.pop("422", None)
    problems = dict(COMMON)
    if path.startswith("/v1/"):
        problems |= ASKED | LOADED
    elif path == "/readyz":
        problems |= LOADED
    content = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
    answers["304"] = {"description": "Unchanged since the ETag in If-None-Match"}
    for status, text in sorted(problems.items()):
        answers[status] = {"description": text, "content": content}
