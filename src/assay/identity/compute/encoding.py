"""Strict base64url and JSON: one text for one value, so that nobody reads it otherwise. Pure."""

import base64
import binascii
import json
import math
import re
from typing import Any

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
"""A text of JSON, or the rest where one has no end: nothing is looked at twice."""
_BRACKET = re.compile(r"[\[\]{}]")
MOST_DEPTH = 32
LARGEST = 2**63
"""Whole numbers from here on are read as another number, or not at all, by most who read JSON."""


class DuplicateMember(ValueError):
    """A JSON object that names a member twice: readers differ in which one counts."""


def encode_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """The bytes of a text. Raises ValueError for padding, other letters and loose last bits."""
    if not _BASE64URL.fullmatch(text):
        raise ValueError("not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if encode_base64url(data) != text:
        raise ValueError("base64url with loose bits")
    return data


def parse_json(data: bytes) -> object:
    """A JSON value. Raises ValueError (DuplicateMember among them) for a member named twice, for
    NaN, infinities and whole numbers beyond 64 bits, for halves of characters and other encodings
    than UTF-8, and for deep nesting: all that could not be answered or stored as it came.
    """
    text = data.decode("utf-8")
    _refuse_depth(text)
    value: object = json.loads(text, object_pairs_hook=_collect, parse_constant=_refuse_constant)
    check_value(value)
    return value


def parse_object(data: bytes) -> dict[str, Any]:
    """A JSON object, as `parse_json` reads it. Raises ValueError for another value."""
    value = parse_json(data)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - what was sent is wrong, not our code
    return value


def check_value(value: object, left: int = MOST_DEPTH) -> None:
    """Raise ValueError for a value that is nested more than `left` deep, and for one in it that
    is no text or number everywhere.
    """
    if left < 0:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        for name, item in value.items():
            _check_text(name)
            check_value(item, left - 1)
    elif isinstance(value, list):
        for item in value:
            check_value(item, left - 1)
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int):
        _check_number(is_held=-LARGEST <= value < LARGEST)
    elif isinstance(value, float):
        _check_number(is_held=math.isfinite(value))


def _refuse_depth(text: str) -> None:
    """Before it is parsed: a parser goes down with the brackets, and a library that we import lets
    it go as deep as the stack ends.
    """
    depth = 0
    for bracket in _BRACKET.finditer(_TEXT.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MOST_DEPTH + 1:
            raise ValueError("nested too deeply")


def _check_number(*, is_held: bool) -> None:
    if not is_held:
        raise ValueError("a number is too large")


def _check_text(text: str) -> None:
    if not text.isascii():
        text.encode()  # a UnicodeEncodeError is a ValueError


def _collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateMember("an object names a member twice")
    return found


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")
