"""Reading the registry file and the manifest of the sample: text in, records out."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from assay.kit.errors import Corrupt
from assay.kit.moments import close_of
from assay.markets.types import (
    Ending,
    Interval,
    Redenomination,
    Registry,
    Ticker,
    TokenId,
    TokenKind,
    TokenRecord,
)

VENUE = "binance"
QUOTE = "USDT"


@dataclass(frozen=True, slots=True)
class SampleFile:
    """One file of the sample as its manifest names it."""

    name: str
    interval: Interval
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the sample holds; its days after `complete_through` are only partly recorded."""

    venue: str
    complete_through: date
    files: tuple[SampleFile, ...]


def parse_manifest(text: str) -> Manifest:
    """Read `sample.json`. Raises `Corrupt` when it is not what `tools/build_sample.py` writes."""
    try:
        raw = json.loads(text)
        files = tuple(
            SampleFile(f["file"], Interval(f["interval"]), int(f["rows"]), str(f["sha256"]))
            for f in raw["files"]
        )
        return Manifest(raw["venue"], date.fromisoformat(raw["complete_through"]), files)
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt(
            "The manifest of the bundled sample cannot be read.",
            hint="Install the package again; its files were changed.",
        ) from error


def parse_registry(text: str) -> Registry:
    """Read `registry.toml`. Raises `Corrupt` when an id repeats or an entry is malformed."""
    try:
        raw = tomllib.loads(text)
        named = _unique(raw["tokens"])
        events = {
            key: _by_token(raw.get(key, []), named) for key in ("renamed", "ended", "redenominated")
        }
        records = [
            _record(
                named[key],
                events["renamed"].get(key, []),
                events["ended"].get(key, []),
                events["redenominated"].get(key, []),
            )
            for key in sorted(named)
        ]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Corrupt(
            f"The token registry cannot be read: {error}.",
            hint="Install the package again; its files were changed.",
        ) from error
    return Registry(tuple(records))


def _unique(tokens: list[list[Any]]) -> dict[int, list[Any]]:
    named = {token[0]: token for token in tokens}
    if len(named) != len(tokens):
        raise ValueError("an id is used twice")
    return named


def _by_token(
    rows: list[dict[str, Any]], named: Mapping[int, object]
) -> dict[int, list[dict[str, Any]]]:
    grouped: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        if row["token"] not in named:
            raise ValueError(f"an event names the unknown token {row['token']}")
        grouped.setdefault(row["token"], []).append(row)
    return grouped


def _record(
    token: list[Any],
    renamed: list[dict[str, Any]],
    ended: list[dict[str, Any]],
    redenominated: list[dict[str, Any]],
) -> TokenRecord:
    token_id, symbol, name, kind, first_day = token
    tickers = [Ticker(symbol, symbol + QUOTE, name, first_day)]
    tickers += [Ticker(r["symbol"], r["symbol"] + QUOTE, r["name"], r["from"]) for r in renamed]
    return TokenRecord(
        token_id=TokenId(token_id),
        kind=TokenKind(kind),
        venue=VENUE,
        quote=QUOTE,
        tickers=tuple(tickers),
        endings=tuple(_ending(row) for row in ended),
        redenominations=tuple(
            Redenomination(row["day"], float(row["factor"]), close_of(row["day"]))
            for row in redenominated
        ),
    )


def _ending(row: Mapping[str, Any]) -> Ending:
    return Ending(row["last_day"], row["how"], close_of(row["known"]), row.get("resumed"))
