"""Writes the calls and the methods of the Python client, for `generate_clients.py`."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from client_shapes import HEADER, Home
from client_types import Schema, clean, describe_argument, describe_type, follow, is_page, join

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
STREAM = "text/event-stream"
CARRIED = {"if-none-match", "x-csrf-token", "idempotency-key", "last-event-id"}
"""Headers that the client sets by itself."""
CHOSEN = {"format", "decimals"}
"""Parameters of the query that the client chooses by how a list is read."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function: its name in the API, where it goes, its type."""

    name: str
    where: str
    kind: str
    required: bool
    about: str
    changes: bool = False
    """True for a member of a change: left out it stays, null clears it."""

    @property
    def declared(self) -> str:
        """As it stands in the signature."""
        if self.required:
            return f"{clean(self.name)}: {self.kind}"
        if self.changes:
            kind = join(iter([self.kind, "Left"]))
            return f"{clean(self.name)}: {kind} = Left.AS_IT_IS"
        return f"{clean(self.name)}: {self.kind} | None = None"


@dataclass(frozen=True)
class Operation:
    """One operation of the API."""

    name: str
    tag: str
    method: str
    path: str
    about: str
    parameters: tuple[Parameter, ...]
    answer: str
    accept: str
    is_list: bool
    bulk: bool
    form: bool
    repeatable: bool


def read_operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation of the document that answers once (event streams have their own reader)."""
    schemas = document["components"]["schemas"]
    found = []
    for path, item in document["paths"].items():
        for method, said in item.items():
            media = find_success(said).get("content", {})
            if set(media) != {STREAM}:
                found.append(read_operation(path, method, said, schemas))
    names = [operation.name for operation in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"operations share a name: {sorted(twice)}")
    return found


def read_operation(
    path: str, method: str, said: Mapping[str, Any], schemas: Mapping[str, Schema]
) -> Operation:
    """One operation."""
    media = find_success(said).get("content", {})
    accept = JSON if JSON in media or not media else next(iter(media))
    shape = media.get(accept, {}).get("schema", {})
    is_list = is_page(follow(shape, schemas)[1])
    headers = {p["name"].lower() for p in said.get("parameters", ()) if p["in"] == "header"}
    if headers - CARRIED:
        raise SystemExit(f"{path}: the client cannot send {sorted(headers - CARRIED)}")
    body = said.get("requestBody", {}).get("content", {})
    return Operation(
        name=clean(said["operationId"]),
        tag=clean(said.get("tags", ["other"])[0]),
        method=method.upper(),
        path=path,
        about=said.get("description") or said.get("summary", ""),
        parameters=(
            *read_parameters(said, schemas),
            *read_body(body, schemas, changes=method == "patch"),
        ),
        answer=describe_answer(media, accept, shape, schemas),
        accept=accept,
        is_list=is_list,
        bulk=ARROW in media,
        form=FORM in body and JSON not in body,
        repeatable=method != "get" and "idempotency-key" in headers,
    )


def find_success(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer that means success."""
    statuses = sorted(status for status in said["responses"] if status.startswith("2"))
    answer: Mapping[str, Any] = said["responses"][statuses[0]] if statuses else {}
    return answer


def describe_answer(
    media: Mapping[str, Any], accept: str, shape: Schema, schemas: Mapping[str, Schema]
) -> str:
    """The type of the answer."""
    if not media:
        return "None"
    if accept == JSON and not shape.get("x-exact"):
        return describe_type(shape, schemas)
    return "str" if accept.startswith("text/") else "bytes"


def read_parameters(said: Mapping[str, Any], schemas: Mapping[str, Schema]) -> list[Parameter]:
    """Parameters of the path, in its order, then of the query."""
    found = []
    for item in said.get("parameters", ()):
        if item["in"] not in ("path", "query") or item["name"] in CHOSEN:
            continue
        kind = describe_argument(item["schema"], schemas, item["name"])
        if item["in"] == "path" and kind == "str":
            kind = "Name"
        about = item.get("description") or item["schema"].get("description", "")
        found.append(Parameter(item["name"], item["in"], kind, item.get("required", False), about))
    return sorted(found, key=lambda parameter: (parameter.where != "path", not parameter.required))


def read_body(
    body: Mapping[str, Any], schemas: Mapping[str, Schema], *, changes: bool
) -> list[Parameter]:
    """Members of the body, the required ones first."""
    if not body:
        return []
    media = body.get(JSON) or body.get(FORM) or next(iter(body.values()))
    _, shape = follow(media["schema"], schemas)
    choices = [item for item in shape.get("anyOf", ()) if item.get("type") != "null"]
    if choices:
        _, shape = follow(choices[0], schemas)
    if "oneOf" in shape:
        found = read_choices(shape["oneOf"], schemas)
    else:
        found = read_members(shape, schemas, changes=changes)
    if not found:
        raise SystemExit(f"the client cannot send a body of {sorted(shape)}")
    return sorted(found, key=lambda parameter: not parameter.required)


def read_members(
    shape: Schema, schemas: Mapping[str, Schema], *, changes: bool = False
) -> list[Parameter]:
    """Members of an object."""
    required = shape.get("required", ())
    return [
        Parameter(
            name,
            "body",
            describe_argument(member, schemas, name)
            + (" | None" if changes and is_nullable(member) else ""),
            name in required,
            member.get("description", ""),
            changes,
        )
        for name, member in shape.get("properties", {}).items()
    ]


def read_choices(choices: Sequence[Schema], schemas: Mapping[str, Schema]) -> list[Parameter]:
    """Members of every form that a body may have; required is what all of them require. A member
    of some forms only says of which: by the word that tells the forms apart.
    """
    forms = [follow(choice, schemas)[1] for choice in choices]
    found: dict[str, list[tuple[str, Parameter]]] = {}
    for form in forms:
        for parameter in read_members(form, schemas):
            found.setdefault(parameter.name, []).append((find_word(form), parameter))
    return [merge(same, len(forms)) for same in found.values()]


def find_word(form: Schema) -> str:
    """The word that tells a form from the others."""
    return next(str(item["const"]) for item in form["properties"].values() if "const" in item)


def merge(same: Sequence[tuple[str, Parameter]], forms: int) -> Parameter:
    """One parameter of those of that name in several forms."""
    first = same[0][1]
    kinds = [parameter.kind for _, parameter in same]
    if all(kind.startswith("Literal[") for kind in kinds):
        kind = f"Literal[{', '.join(dict.fromkeys(kind[8:-1] for kind in kinds))}]"
    else:
        kind = join(iter(kinds))
    about = first.about
    if len(same) < forms:
        about = f"Only with {', '.join(word for word, _ in same)}. {about}".strip()
    required = len(same) == forms and all(parameter.required for _, parameter in same)
    return replace(first, kind=kind, required=required, about=about)


def is_nullable(schema: Schema) -> bool:
    """True if a member may be null."""
    return any(choice.get("type") == "null" for choice in schema.get("anyOf", ()))


def write_function(operation: Operation) -> str:
    """The function that makes the call of one operation."""
    given = operation.parameters
    placed = [parameter.declared for parameter in given if parameter.where == "path"]
    named = [parameter.declared for parameter in given if parameter.where != "path"]
    signature = ", ".join([*placed, *(["*", *named] if named else [])])
    kind = "ListCall" if operation.is_list else "Call"
    inner = operation.answer[5:-1] if operation.is_list else operation.answer
    shape = operation.answer.replace(" | None", "") if inner != "None" else "None"
    arguments = [f'"{operation.method}"', f'"{operation.path}"', shape]
    for where, name in (("path", "named"), ("query", "query"), ("body", "body")):
        members = [f'"{p.name}": {clean(p.name)}' for p in given if p.where == where]
        if members:
            arguments.append(f"{name}={{{', '.join(members)}}}")
    if operation.accept != JSON:
        arguments.append(f'accept="{operation.accept}"')
    for flag in ("form", "repeatable", "bulk"):
        if getattr(operation, flag) and (flag != "bulk" or operation.is_list):
            arguments.append(f"{flag}=True")
    return (
        f"def {operation.name}({signature}) -> {kind}[{inner}]:\n"
        f"{write_about(operation)}\n    return {kind}({', '.join(arguments)})"
    )


def write_about(operation: Operation) -> str:
    """The docstring: what the operation answers, and what each parameter means."""
    text = " ".join(operation.about.split())
    lines = textwrap.wrap(f'"""{text}', 96)
    described = [parameter for parameter in operation.parameters if parameter.about]
    lines += [""] if described else []
    for parameter in described:
        about = f"{clean(parameter.name)}: {' '.join(parameter.about.split())}"
        lines += textwrap.wrap(about, 96, initial_indent="- ", subsequent_indent="  ")
    lines[-1:] = [f'{lines[-1]}"""'] if len(lines) == 1 else [lines[-1], '"""']
    return "\n".join(f"    {line}".rstrip() for line in lines)


def write_calls(operations: list[Operation], home: Home) -> dict[str, str]:
    """Source of every module of calls, by tag."""
    written = {}
    for tag in dict.fromkeys(operation.tag for operation in operations):
        code = "\n\n\n".join(write_function(item) for item in operations if item.tag == tag)
        title = HEADER.format(title=f"Calls of {tag.replace('_', ' ')}.")
        written[tag] = f"{title}\n{home.imports(code, '')}\n\n\n{code}\n"
    return written


CLIENTS = '''{header}
from assay.client import asynchronous, sync
from assay.client.calls import {tags}


class Client(sync.Driver):
    """The API, one method for each operation. Lists are asked for when they are read."""

{sync}


class AsyncClient(asynchronous.AsyncDriver):
    """The same, awaited."""

{asynchronous}
'''


def write_clients(operations: list[Operation]) -> str:
    """Source of the two clients: which method sends which call."""

    def methods(module: str) -> str:
        return "\n".join(
            f"    {item.name} = {module}.{'Listed' if item.is_list else 'Asked'}"
            f"({item.tag}.{item.name})"
            for item in operations
        )

    return CLIENTS.format(
        header=HEADER.format(title="The clients."),
        tags=", ".join(sorted({item.tag for item in operations})),
        sync=methods("sync"),
        asynchronous=methods("asynchronous"),
    )
