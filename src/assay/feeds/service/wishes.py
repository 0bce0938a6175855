"""What is to be watched: the `ASSAY_FEEDS` and `ASSAY_FEED_URLS` settings, read and checked."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from assay.feeds.sources import PROTOCOLS
from assay.kit.errors import BadInput

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_PAIR: Final = re.compile(r"[A-Z0-9]{1,20}/[A-Z0-9]{1,20}")
_EXAMPLE: Final = "binance=BTC/USDT,ETH/USDT; kraken"
_LONGEST: Final = 60
"""Letters of a wrong value that an error repeats."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A venue to watch. `name` is what it is called here, `protocol` how it speaks; `pairs` empty:
    all that it lists against dollars of tokens we know. `url` puts another address in its place.
    """

    name: str
    protocol: str
    pairs: tuple[str, ...] = ()
    url: str | None = None
    is_ccxt: bool = False


def parse_wishes(feeds: str, urls: str, protocols: Collection[str] = PROTOCOLS) -> list[Wish]:
    """The venues of `ASSAY_FEEDS` with the addresses of `ASSAY_FEED_URLS`, in their order.

    An entry is `[ccxt:]venue[@name][=pairs]`: `ccxt:` watches through ccxt, as do venues that are
    not among `protocols`; `@name` tells two of one kind apart (`binance@east`). Raises BadInput
    that names the entry and what is wrong with it.
    """
    wishes: dict[str, Wish] = {}
    for entry in _split(feeds):
        wish = _parse_wish(entry, protocols)
        if wish.name in wishes:
            raise BadInput(
                f"ASSAY_FEEDS names {wish.name} twice.",
                hint=f"List its pairs in one entry, or name them apart: {wish.protocol}@second=...",
            )
        wishes[wish.name] = wish
    for entry in _split(urls):
        name, url = _parse_url(entry)
        if name not in wishes:
            raise BadInput(
                f"ASSAY_FEED_URLS has an address of {name}, which ASSAY_FEEDS does not name.",
                hint="Add the venue to ASSAY_FEEDS, or remove its address.",
            )
        wish = wishes[name]
        wishes[name] = Wish(wish.name, wish.protocol, wish.pairs, url, wish.is_ccxt)
    return list(wishes.values())


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _parse_wish(entry: str, protocols: Collection[str]) -> Wish:
    venue, has_pairs, pairs = entry.partition("=")
    venue = venue.strip().lower()
    kind, at, label = venue.partition("@")
    is_ccxt = kind.startswith("ccxt:")
    protocol = kind.removeprefix("ccxt:")
    name = label if at else protocol
    if not _NAME.fullmatch(protocol) or not _NAME.fullmatch(name):
        raise BadInput(
            f"ASSAY_FEEDS has {_show(entry)}, whose venue cannot be read.",
            hint=f"Write a venue, and its pairs after `=`: {_EXAMPLE}.",
        )
    parsed = tuple(_parse_pair(name, pair) for pair in pairs.split(",")) if has_pairs else ()
    twice = {pair for pair in parsed if parsed.count(pair) > 1}
    if twice:
        raise BadInput(
            f"ASSAY_FEEDS names {min(twice)} twice for {name}.", hint="Name each pair once."
        )
    return Wish(name, protocol, parsed, is_ccxt=is_ccxt or protocol not in protocols)


def _parse_pair(venue: str, text: str) -> str:
    pair = text.strip().upper()
    if not _PAIR.fullmatch(pair):
        raise BadInput(
            f"ASSAY_FEEDS has the pair {_show(text.strip())} for {venue}.",
            hint="Write pairs as BASE/QUOTE, comma separated: BTC/USDT,ETH/USDT.",
        )
    return pair


def _parse_url(entry: str) -> tuple[str, str]:
    """(venue, address). The address is not repeated in errors: it may hold a password."""
    name, has_url, url = entry.partition("=")
    name, url = name.strip().lower(), url.strip().rstrip("/")
    if not has_url or not _NAME.fullmatch(name):
        raise BadInput(
            "ASSAY_FEED_URLS has an entry without a venue.",
            hint="Write venue=address: binance=http://127.0.0.1:8100.",
        )
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or parts.query or parts.fragment:
        raise BadInput(
            f"ASSAY_FEED_URLS has no http:// or https:// address for {name}.",
            hint="Write it as https://host[:port][/path], without a query.",
        )
    if parts.username or parts.password:
        raise BadInput(
            f"ASSAY_FEED_URLS has a user or password in the address of {name}.",
            hint="Public streams need neither: remove it.",
        )
    return name, url


def _show(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")
