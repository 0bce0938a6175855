"""What the OpenAPI document says of keys: the ways to show one, and which scopes a path needs.

There is no password grant (RFC 9700 2.4).
"""

from typing import Any

from assay.accounts.types import Verb
from assay.api.routing import Entry

SCOPES = {
    Verb.READ: "Facts and everything published.",
    Verb.USE: "One's own things: jobs started and read.",
    Verb.ACCOUNT: "One's own account: keys, sessions, usage.",
    Verb.OPERATE: "The installation: metrics, every job, imports.",
    Verb.ADMINISTER: "Other people's accounts.",
}
SCHEMES: dict[str, Any] = {
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "A key, `ak_...`, made at POST /v1/keys.",
    },
    "Bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key, or an access token that a key bought.",
    },
    "ClientCredentials": {
        "type": "oauth2",
        "description": "A key's id and the key itself buy an access token for an hour.",
        "flows": {
            "clientCredentials": {
                "tokenUrl": "/v1/token",
                "scopes": {verb.value: text for verb, text in SCOPES.items()},
            }
        },
    },
    "Session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "assay_session",
        "description": "The cookie of a signed-in browser (over https `__Host-assay_session`). A"
        " write also needs Origin and the header X-CSRF-Token.",
    },
}


def add_security(document: dict[str, Any], entries: list[Entry], *, is_keyed: bool) -> None:
    """Say of every operation which credentials it takes; in open local mode none is needed."""
    document["components"]["securitySchemes"] = SCHEMES
    for entry in entries:
        operations = document["paths"].get(entry.template, {})
        for method in entry.methods:
            operation = operations.get(method.lower())
            if operation is None:
                continue
            scopes = [verb.value for verb in entry.verbs]
            taken: list[dict[str, list[str]]] = [
                {"ApiKey": []},
                {"Bearer": []},
                {"ClientCredentials": scopes},
                {"Session": []},
            ]
            is_open = entry.is_open(method)
            operation["security"] = [] if is_open else taken if is_keyed else [{}, *taken]
