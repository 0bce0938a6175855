"""Reads the schemas of the OpenAPI document as Python types, for `generate_clients.py`."""

import keyword
import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

PAGE = {"data", "next_cursor", "as_of", "publication", "origin"}
SUBJECTS = {"token_id", "symbol", "interval", "index_id", "slug", "reason", "reach", "note"}
"""What else a page may say: the optional members of `client.core.calls.Page`."""
ANSWER = PAGE - {"next_cursor"}
DECIMAL = re.compile(r"\^-\?")
TEXTS = {"date": "date", "date-time": "datetime", "binary": "bytes"}
SIMPLE = {"integer": "int", "number": "float", "boolean": "bool", "null": "None"}
ARGUMENTS = {"date": "Day", "date-time": "Moment"}


def clean(name: str) -> str:
    """A schema's or parameter's name as a Python one."""
    name = re.sub(r"\W+", "_", name).strip("_")
    return f"{name}_" if keyword.iskeyword(name) else name


def follow(schema: Schema, schemas: Mapping[str, Schema]) -> tuple[str | None, Schema]:
    """The schema behind a reference, with its name."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return (name, schemas[name]) if name else (None, schema)


def is_page(schema: Schema) -> bool:
    """True for the one shape of a list."""
    members = schema.get("properties", {})
    # A publication is read whole: its cursor is always null.
    return "data" in members and members.get("next_cursor", {"type": "null"}).get("type") != "null"


def is_answer(schema: Schema) -> bool:
    """True for the one shape of an object."""
    return set(schema.get("properties", ())) == ANSWER


def describe_type(schema: Schema, schemas: Mapping[str, Schema]) -> str:
    """The Python type that the client reads a value of this schema as."""
    name, meant = follow(schema, schemas)
    if name is not None:
        return describe_named(name, meant, schemas)
    if "anyOf" in schema:
        return join(describe_type(choice, schemas) for choice in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return describe_words(schema)
    kind = schema.get("type")
    if kind == "string":
        return describe_text(schema)
    if kind == "array":
        return f"tuple[{describe_type(schema.get('items', {}), schemas)}, ...]"
    if kind == "object":
        inner = schema.get("additionalProperties")
        value = describe_type(inner, schemas) if isinstance(inner, Mapping) else "Any"
        return f"Mapping[str, {value}]"
    return SIMPLE.get(str(kind), "Any")


def describe_named(name: str, meant: Schema, schemas: Mapping[str, Schema]) -> str:
    """The same of a schema with a name: the two shared shapes, an enumeration, or a class."""
    if is_page(meant):
        unknown = set(meant["properties"]) - PAGE - SUBJECTS
        if unknown:
            raise SystemExit(f"{name}: add {sorted(unknown)} to assay.client.core.calls.Page")
        return f"Page[{describe_type(meant['properties']['data']['items'], schemas)}]"
    if is_answer(meant):
        return f"Answer[{describe_type(meant['properties']['data'], schemas)}]"
    if "properties" not in meant:
        return describe_type(meant, schemas)
    return clean(name)


def describe_text(schema: Schema) -> str:
    """The type of a JSON string."""
    if DECIMAL.match(schema.get("pattern", "")):
        return "Decimal"
    return TEXTS.get(schema.get("format", ""), "str")


def describe_words(schema: Schema) -> str:
    """The type of an enumeration. Later servers may know more words, so it stays open."""
    words = schema.get("enum", [schema.get("const")])
    base = type(words[0]).__name__
    return f"Literal[{', '.join(map(quote, words))}] | {base}"


def describe_argument(schema: Schema, schemas: Mapping[str, Schema], name: str = "") -> str:
    """The Python type that the caller may pass for a parameter or a member of a body."""
    _, schema = follow(schema, schemas)
    if "oneOf" in schema:
        schema = schema["oneOf"][0]
        return describe_argument(schema, schemas, name)
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    if {choice.get("format") for choice in choices} == {"date", "date-time"}:
        return "DayOrMoment"
    if choices:
        return join(describe_argument(choice, schemas, name) for choice in choices)
    if "enum" in schema or "const" in schema:
        words = schema.get("enum", [schema.get("const")])
        if all(isinstance(word, str) and re.fullmatch(r"-?\d+", word) for word in words):
            words = [int(word) for word in words]
        return f"Literal[{', '.join(map(quote, words))}]"
    return describe_plain_argument(schema, schemas, name)


def describe_plain_argument(schema: Schema, schemas: Mapping[str, Schema], name: str) -> str:
    """The same of a schema without choices."""
    kind = schema.get("type")
    if kind == "string":
        if name == "symbol" and schema.get("maxLength", 0) > 1000:
            return "Names"
        decimal = DECIMAL.match(schema.get("pattern", ""))
        return "Number" if decimal else ARGUMENTS.get(schema.get("format", ""), "str")
    if kind == "number":
        return "Number"
    if kind == "array":
        return f"Sequence[{describe_argument(schema.get('items', {}), schemas)}]"
    if kind == "object":
        return "Mapping[str, Any]"
    return SIMPLE.get(str(kind), "Any")


def join(types: Iterator[str]) -> str:
    """A union, each type once, None last."""
    known = dict.fromkeys(part for text in types for part in split(text))
    return " | ".join(sorted(known, key=lambda text: text == "None"))


def split(text: str) -> list[str]:
    """The members of a union, brackets respected."""
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "[(") - (sign in "])")
        if sign == "|" and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]


def quote(word: object) -> str:
    """A value as Python source."""
    return f'"{word}"' if isinstance(word, str) else repr(word)
