"""Keeping secrets out of what is written for operators: log lines and traces. Pure."""

import re
from collections.abc import Callable
from typing import Final

HIDDEN: Final = "[redacted]"

_NAMES = (
    r"pass(?:word|phrase|wd)?|secrets?|token|api[_-]?keys?|x-api-key|authorization|"
    r"(?:set-)?cookie|csrf[\w-]*|x-csrf-token|signature|nonce|credential\w*"
)
_SECRET_NAME: Final = re.compile(rf"(?:^|[_-])(?:{_NAMES})$", re.IGNORECASE)

_Replace = str | Callable[[re.Match[str]], str]
_RULES: Final[tuple[tuple[re.Pattern[str], _Replace], ...]] = (
    # Our own keys, access tokens, sessions and refresh tokens: the public id may stay.
    (re.compile(r"\b([a-z]{2}_[A-Za-z0-9]+)_[A-Za-z0-9_-]{16,}"), rf"\1_{HIDDEN}"),
    # user:password@ of any URL.
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@\"'\\]*@", re.IGNORECASE), rf"\1{HIDDEN}@"),
    # Query strings of any URL: a secret may stand in any of their values.
    (
        re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s?\"'\\]+)\?[^\s\"'\\]*", re.IGNORECASE),
        rf"\1?{HIDDEN}",
    ),
    (re.compile(r"\b(Bearer|Basic)\s+[^\s,\"'\\]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        re.compile(
            rf"((?<![A-Za-z0-9])(?:{_NAMES})\\?[\"']?\s*[:=]\s*\\?[\"']?)(?!{re.escape(HIDDEN)})[^\s,;\"'\\)\]}}]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    # What pydantic and SQLAlchemy repeat of the input in their messages.
    (re.compile(r"(input_value=).*?(, input_type=)", re.DOTALL), rf"\1{HIDDEN}\2"),
    (re.compile(r"(\[parameters: ).*?(\](?:\\n|\n|$|\"))", re.DOTALL), rf"\1{HIDDEN}\2"),
    (re.compile(r"(Key \([^)]*\)=)\([^)]*\)"), rf"\1({HIDDEN})"),
)


def redact(text: str) -> str:
    """`text` without keys, tokens, passwords, cookies, and credentials or queries of URLs."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def is_secret_name(name: str) -> bool:
    """True if a value of this name is a secret whatever it looks like."""
    return _SECRET_NAME.search(name) is not None
