"""The OpenAPI document: what the API says about itself, and the problem documents of each path."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from assay import __version__
from assay.api.negotiation import Format
from assay.api.problems import MEDIA_TYPE
from assay.api.routing import RouteIndex, is_open
from assay.api.schemas import Problem
from assay.api.schemes import add_security

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

### Proof
Everything said is an entry of a transparency log, whose signed head comes with it: nothing can be
altered, removed, reordered or dated back without a trace. `/v1/log` has its state and keys,
`/v1/publications/{publication_id}/proof` a file to check offline (with `/log/verifier.py`), and
`/log/checkpoint` and `/log/tile` the tree itself for existing tools (c2sp.org/tlog-tiles).

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
`x-api-key`) is the local user, any other is refused. In keyed mode (`assay serve --keys`) every
path but the pages and what verifying takes needs one: a key, an access token bought with it at
`/v1/token`, or the session of a browser. Answers then say in `RateLimit-*` headers what is left of
the plan; 429 says in `Retry-After` how long to wait. A key's scopes are `read`, `use`, `account`,
`operate`, `administer`; it can never do more than its account.
"""
TAGS = [
    {"name": "grades", "description": "Judgements: what was said about each token, and why."},
    {"name": "signals", "description": "Long, short or none, with entry, stop, target, control."},
    {"name": "forecasts", "description": "Quantiles of prices, levels, scenarios."},
    {"name": "indices", "description": "Baskets by printed rules, net of costs."},
    {"name": "moonshots", "description": "Chances of great rises and falls, and outcomes."},
    {"name": "market_state", "description": "The market, figures of tokens, correlations."},
    {"name": "briefing", "description": "What changed in a day."},
    {"name": "track_record", "description": "What came of everything that was said."},
    {"name": "live", "description": "What venues say now: prices, books, their health."},
    {"name": "facts", "description": "What happened: tokens and their candles."},
    {"name": "log", "description": "The transparency log: checkpoints, tiles, proofs."},
    {"name": "credentials", "description": "Rows of publications, signed for a holder to show."},
    {"name": "issuer", "description": "Keys, types and status lists of the credentials."},
    {"name": "accounts", "description": "People: sign-up, sessions, one's own account, roles."},
    {"name": "keys", "description": "API keys, access tokens, usage."},
    {"name": "plans", "description": "How much may be asked for."},
    {"name": "jobs", "description": "Long work: evaluations, back-tests, back-fills."},
    {"name": "alerts", "description": "Your own rules over all of this, and what they fired."},
    {"name": "deliveries", "description": "Where messages of alerts go, and whether they arrived."},
    {"name": "streams", "description": "What changes, as it changes."},
    {"name": "health", "description": "Is it up, is it ready."},
]
PERSONAL = frozenset({"accounts", "alerts", "credentials", "deliveries", "jobs", "keys", "streams"})
"""Tags of what is said to one person only: it carries `no-store` and no ETag."""
MOVING = ("/metrics", "/readyz", "/v1/books", "/v1/prices", "/v1/venues")
"""Beginnings of paths whose answers differ each time: `no-store` and no ETag too."""
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "16 to 255 visible characters, a random UUID for each request: sent again with"
    " the same key within a day, the request is not done again and has the same answer.",
    "schema": {"type": "string", "minLength": 16, "maxLength": 255, "pattern": "^[!-~]{16,255}$"},
}
IDS = {
    "account_id": "Id of an account, as `GET /v1/accounts` lists it.",
    "session_id": "Id of a session, as `GET /v1/account/sessions` lists it.",
    "key_id": "Id of a key, as `GET /v1/keys` lists it; it is no secret.",
    "credential_id": "Id of a credential, as `POST /v1/credentials` answers it.",
    "job_id": "Id of a job, as `POST /v1/jobs` answers it.",
    "rule_id": "Id of a rule, as `GET /v1/alerts/rules` lists it.",
    "channel_id": "Id of a channel, as `GET /v1/alerts/channels` lists it.",
    "delivery_id": "Id of a delivery, as `GET /v1/alerts/deliveries` lists it.",
}
"""What ids in paths are, where their routes do not say it."""
COMMON = {
    "400": "Bad Host header",
    "401": "No key, or none that stands",
    "414": "Path and query are too long",
    "421": "Foreign Host",
    "431": "Too many or too large headers",
}
SENT = {
    "408": "The body did not come in time",
    "409": "What is stored contradicts it, or it is under way",
    "413": "The body is too large",
    "415": "The body has a Content-Encoding",
}
LOADED = {"503": "Still loading, or busy"}
LISTED = {"406": "No format that is accepted"}
KEYED = {"403": "The key or the account may not", "429": "The plan is used up for now"}
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
            # A rule is written as it is read: one schema, one name.
            separate_input_output_schemas=False,
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        )
        schemas = document["components"]["schemas"]
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        add_schema(schemas, "Problem", Problem.model_json_schema(ref_template=_REFERENCE))
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                describe_answers(path, method, operation)
                if method == "post" and not is_open("POST", path):
                    operation.setdefault("parameters", []).append(dict(IDEMPOTENCY_KEY))
                for parameter in operation.get("parameters", ()):
                    parameter["schema"] = drop_null(parameter["schema"])
                    if parameter["name"] in IDS:
                        parameter.setdefault("description", IDS[parameter["name"]])
        is_keyed = app.state.assay.settings.keys
        add_security(document, RouteIndex(app.routes).entries, is_keyed=is_keyed)
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


def describe_answers(path: str, method: str, operation: dict[str, Any]) -> None:
    """Say of one operation which problems it answers, and of what anybody may keep that it knows
    304.
    """
    answers = operation["responses"]
    answers.pop("422", None)
    problems = dict(COMMON)
    if path.startswith(("/v1/", "/log/")):
        problems |= ASKED | LOADED | KEYED
    elif path == "/readyz":
        problems |= LOADED
    if method != "get":
        problems |= SENT
    if any(parameter["name"] == "format" for parameter in operation.get("parameters", ())):
        problems |= LISTED
        answers["200"]["content"] |= describe_formats()
    content = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
    is_kept = PERSONAL.isdisjoint(operation.get("tags", ())) and not path.startswith(MOVING)
    if method == "get" and is_kept:
        answers["304"] = {"description": "Unchanged since the ETag in If-None-Match"}
    for status, text in sorted(problems.items()):
        answers.setdefault(status, {"description": text, "content": content})


def describe_formats() -> dict[str, Any]:
    """The bulk formats of a list, as further contents of its 200."""
    texts = {Format.CSV, Format.NDJSON}
    return {
        form.media_type: {
            "schema": {"type": "string"}
            if form in texts
            else {"type": "string", "format": "binary"}
        }
        for form in Format
        if form is not Format.JSON
    }
