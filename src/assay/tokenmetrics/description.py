"""The OpenAPI document of this face, made from the same table as its routes. Pure."""

from typing import Any

from assay.tokenmetrics.catalogue import ENDPOINTS
from assay.tokenmetrics.types import DEFAULT_LIMIT, MAX_LIMIT, Endpoint, Field, Missing

Json = dict[str, Any]

ABOUT = (
    "The paths, parameters and field names that the official Token Metrics clients know, answered "
    "from what Assay published. Compatible with, not affiliated with, Token Metrics. A number that "
    "nobody published is null or left out, never made up."
)
REFUSALS = {
    "400": "A parameter cannot be read.",
    "401": "The key is not known.",
    "404": "There is no such path.",
    "422": "The body cannot be read.",
    "429": "Too many requests, or the quota is used up: wait as long as Retry-After says.",
    "503": "Not ready yet.",
}
BOUNDS: dict[str, Json] = {
    "limit": {"minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    "page": {"minimum": 0},
    "top_k": {"minimum": 1, "maximum": MAX_LIMIT},
}
ERROR: Json = {
    "type": "object",
    "properties": {
        "success": {"const": False},
        "message": {"type": "string"},
        "length": {"const": 0},
        "data": {"type": "array", "maxItems": 0},
        "detail": {"type": "string"},
        "code": {"type": "string"},
    },
    "required": ["success", "message", "length", "data", "detail", "code"],
}


def describe_face(prefix: str) -> Json:
    """The document of the face under `prefix`."""
    paths: Json = {
        f"{prefix}/{endpoint.path}": {"get": describe_endpoint(endpoint)} for endpoint in ENDPOINTS
    }
    paths[f"{prefix}/tmai"] = {"post": describe_chat()}
    keys = {"api_key": "api_key", "x_api_key": "x-api-key"}
    schemes: Json = {
        name: {"type": "apiKey", "in": "header", "name": header} for name, header in keys.items()
    }
    schemes["bearer"] = {"type": "http", "scheme": "bearer"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Assay's Token Metrics face", "version": "2", "description": ABOUT},
        "paths": paths,
        "components": {"securitySchemes": schemes, "schemas": {"Error": ERROR}},
        "security": [{}, *({name: []} for name in schemes)],
    }


def describe_endpoint(endpoint: Endpoint) -> Json:
    """One path."""
    parameters = [
        {
            "name": parameter.name,
            "in": "query",
            "required": parameter.required,
            "description": parameter.about,
            "schema": {"type": parameter.kind, **BOUNDS.get(parameter.name, {})},
        }
        for parameter in endpoint.parameters
    ]
    return {
        "operationId": endpoint.path.replace("-", "_"),
        "summary": endpoint.about,
        "parameters": parameters,
        "responses": describe_answers(describe_body(endpoint)),
    }


def describe_body(endpoint: Endpoint) -> Json:
    """The envelope of an endpoint's answer."""
    if endpoint.is_chart:
        members: Json = {"chartUrl": {"type": ["string", "null"]}}
    else:
        members = {
            "length": {"type": "integer"},
            "data": {"type": "array", "items": describe_row(endpoint.fields)},
        }
    if endpoint.has_pagination:
        counts = {name: {"type": "integer"} for name in ("total", "totalPages")}
        members["pagination"] = {"type": "object", "properties": counts}
    return _envelope(members)


def describe_row(fields: tuple[Field, ...]) -> Json:
    """One row; what may be null and what may be left out is said."""
    properties: Json = {}
    for field in fields:
        kind: Any = field.kind
        if field.missing is Missing.NULL:
            kind = [field.kind, "null"]
        properties[field.name] = {"type": kind, "description": field.source}
    required = [field.name for field in fields if field.missing is not Missing.OMIT]
    return {"type": "object", "properties": properties, "required": required}


def describe_chat() -> Json:
    """`/tmai`."""
    message = {"type": "object", "properties": {"user": {"type": "string"}}}
    messages = {"type": "array", "items": message, "minItems": 1, "maxItems": 100}
    question = {"type": "object", "properties": {"messages": messages}, "required": ["messages"]}
    text: Json = {"type": "string"}
    answer = {
        "answer": text,
        "thread": {"type": "array", "items": {"type": "object"}},
        "data": {"type": "object", "properties": {"answer": text}},
    }
    return {
        "operationId": "tmai",
        "summary": "Ask in words; answered by rule from what is published.",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": question}},
        },
        "responses": describe_answers(_envelope(answer)),
    }


def describe_answers(body: Json) -> Json:
    """200 with its body, and the refusals in the contract's shape."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    answers: Json = {
        "200": {"description": "Done.", "content": {"application/json": {"schema": body}}}
    }
    for status, words in REFUSALS.items():
        answers[status] = {"description": words, "content": error}
    return answers


def _envelope(members: Json) -> Json:
    head: Json = {"success": {"const": True}, "message": {"type": "string"}}
    properties = head | members
    return {"type": "object", "properties": properties, "required": list(properties)}
