"""Answers a question put to `/tmai` from what is published; says what it does not know."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from assay.kit.errors import BadInput, NotFound
from assay.tokenmetrics.reading import Reading
from assay.tokenmetrics.telling import (
    Sheet,
    tell_best,
    tell_indices,
    tell_market,
    tell_token,
)

MAX_MESSAGES = 100
MAX_LENGTH = 4_000
MAX_TOKENS = 5
SHORTEST_NAME = 5

TOPICS: Mapping[str, str] = {
    "price": r"pric|cost|worth|quot|trading at",
    "grades": r"grade|rating|rate\b|score",
    "signal": r"signal|trend|bull|bear|\bbuy|\bsell|\blong\b|\bshort\b",
    "forecast": r"forecast|predict|outlook|will |next |future|range",
    "levels": r"level|support|resistance",
    "scenarios": r"scenario|what if|moon\b|bear market|bull market",
    "risk": r"risk|volatil|sharpe|drawdown",
}
OVERVIEW = ("price", "grades", "signal", "forecast")
MARKET = re.compile(r"market|fear|greed|sentiment", re.IGNORECASE)
INDICES = re.compile(r"\bind(ex|ices|exes)\b|portfolio|basket", re.IGNORECASE)
BEST = re.compile(r"\btop\b|best|highest|pick|recommend", re.IGNORECASE)
ORDINARY = frozenset("flow just orion request super harvest horizen status quick audio".split())
"""Names of tokens that are words of the language: they count only when capitalised."""

NO_ADVICE = "Written by rule from what Assay published; research, not advice."
NO_ANSWER = (
    "I cannot answer that from what is published. Name a token (BTC, Ethereum) or ask for the "
    "market, the indices or the highest grades; I know prices, grades, signals, forecasts, "
    "levels, scenarios and figures of risk. I know nothing about news, people, technology or "
    "regulation."
)


def parse_question(body: object) -> str:
    """The last thing the user said. Raises BadInput for a body that has no such thing."""
    messages = body.get("messages") if isinstance(body, Mapping) else None
    if not isinstance(messages, list) or not 1 <= len(messages) <= MAX_MESSAGES:
        raise BadInput(
            f"messages must be a list of 1 to {MAX_MESSAGES} messages.",
            hint='Send {"messages": [{"user": "What is the price of Bitcoin?"}]}.',
        )
    for message in reversed(messages):
        said = read_message(message)
        if said:
            if len(said) > MAX_LENGTH:
                raise BadInput(f"messages: a message has at most {MAX_LENGTH:,} characters.")
            return said
    raise BadInput("messages holds nothing that a user said.", hint='Send {"user": "..."}.')


def read_message(message: object) -> str | None:
    """What a message of the user holds; None for the chatbot's and for anything else."""
    if isinstance(message, Mapping):
        said = message.get("user")
        if said is None and message.get("role") == "user":
            said = message.get("content")
        if isinstance(said, str) and said.strip():
            return said.strip()
    return None


def answer_question(reading: Reading, question: str) -> str:
    """What is published about what was asked, or that nothing is."""
    sheet = Sheet(reading)
    ids = find_tokens(reading, question)
    topics = [
        topic for topic, pattern in TOPICS.items() if re.search(pattern, question, re.IGNORECASE)
    ]
    parts = [tell_token(sheet, token_id, topics or OVERVIEW) for token_id in ids]
    if INDICES.search(question):
        parts.append(tell_indices(sheet))
    elif MARKET.search(question) and not ids:
        parts.append(tell_market(sheet))
    if BEST.search(question) and not ids:
        parts.append(tell_best(sheet))
    return "\n\n".join([*parts, NO_ADVICE]) if parts else NO_ANSWER


def find_tokens(reading: Reading, question: str) -> list[int]:
    """The tokens that a question names, in its order: tickers in capitals or behind a $, names as
    they are written or, where they are no ordinary words, in small letters.
    """
    found: dict[int, int] = {}
    for match in re.finditer(r"\$?\b[A-Za-z0-9]{2,12}\b", question):
        written = match[0]
        if written.startswith("$") or (written.isupper() and not written.isdecimal()):
            token_id = _find_symbol(reading, written.lstrip("$"))
            if token_id is not None:
                found.setdefault(token_id, match.start())
    for token_id, token in reading.names.tokens.items():
        place = find_name(question, token.name)
        if place >= 0:
            found.setdefault(token_id, place)
    ordered = sorted(found, key=lambda token_id: (found[token_id], token_id))
    return ordered[:MAX_TOKENS]


def find_name(question: str, name: str) -> int:
    """Where a name stands in a question as whole words; -1 where it does not."""
    is_ordinary = len(name) < SHORTEST_NAME or name.casefold() in ORDINARY
    flags = 0 if is_ordinary else re.IGNORECASE
    match = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", question, flags)
    return -1 if match is None else match.start()


def make_reply(question: str, answer: str) -> dict[str, Any]:
    """The reply with the answer in both places where clients look for it."""
    thread: Sequence[dict[str, str]] = [{"user": question}, {"chatbot": answer}]
    return {
        "success": True,
        "message": "AI Chatbot response successful",
        "answer": answer,
        "thread": thread,
        "data": {"answer": answer},
    }


def _find_symbol(reading: Reading, symbol: str) -> int | None:
    try:
        token = reading.facts.registry.resolve(symbol, reading.newest_day)
    except NotFound:
        return None
    return int(token.token_id) if token.token_id in reading.names.tokens else None
