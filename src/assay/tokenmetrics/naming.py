"""Which tokens a query means: by id, symbol and name, and by what is known of them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from assay.api import Facts
from assay.kit.errors import NotFound
from assay.markets.types import Token, TokenRecord
from assay.tokenmetrics.types import Asked

Category = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tokens that pass: None is every token. `absent` says which facts were missing."""

    ids: frozenset[int] | None = None
    absent: str = ""

    def holds(self, token_id: int) -> bool:
        """True if a token passes."""
        return self.ids is None or token_id in self.ids

    def narrow(self, ids: Iterable[int]) -> "Chosen":
        """Those that are also among `ids`."""
        kept = frozenset(ids)
        return Chosen(kept if self.ids is None else self.ids & kept, self.absent)


@dataclass(frozen=True)
class Names:
    """What the tokens are called on the newest day of the data, and what is known to sort them."""

    facts: Facts
    categories: tuple[tuple[Category, frozenset[str]], ...]
    """Sectors of the published sector indices with the tickers that they may hold."""

    @cached_property
    def tokens(self) -> dict[int, Token]:
        """Every token that had begun to trade, ascending by id, the dead included."""
        return {int(t.token_id): t for t in self.facts.registry.tokens(self.facts.newest_day)}

    @cached_property
    def labels(self) -> dict[int, dict[str, Any]]:
        """Id, symbol, name, slug and link of every token."""
        return {
            token_id: {
                "token_id": token_id,
                "symbol": token.symbol,
                "name": token.name,
                "slug": make_slug(token.name),
                "link": f"/v1/tokens/{token_id}",
            }
            for token_id, token in self.tokens.items()
        }

    @cached_property
    def volumes(self) -> dict[int, float]:
        """Dollar volume of the newest day by token: close times base volume of its candle."""
        panel = self.facts.panel
        column = panel.column(panel.complete_through)
        values = np.asarray(panel.close[:, column]) * np.asarray(panel.volume[:, column])
        return _known(self.facts, values)

    @cached_property
    def market_caps(self) -> dict[int, float]:
        """Market cap in dollars of the newest day by token; empty where none are among the data."""
        panel = self.facts.panel
        if panel.market_cap is None:
            return {}
        return _known(self.facts, np.asarray(panel.market_cap[:, panel.column(self.newest_day)]))

    @property
    def newest_day(self) -> date:
        """The newest complete day of the data."""
        return self.facts.newest_day

    def record(self, token_id: int) -> TokenRecord:
        """Everything that the registry knows about a token."""
        return self.facts.registry.record(token_id)

    def list_categories(self, token_id: int) -> list[Category]:
        """The published sectors that a token may stand in, by any ticker it has borne."""
        borne = {ticker.symbol for ticker in self.record(token_id).tickers}
        return [category for category, tickers in self.categories if borne & tickers]

    def choose(self, asked: Asked) -> Chosen:
        """The tokens that a query means: those named, of them those that pass each filter."""
        chosen = self._choose_named(asked)
        for narrow in (self._by_exchange, self._by_category, self._by_size, self._by_address):
            chosen = narrow(asked, chosen)
        return chosen

    def _choose_named(self, asked: Asked) -> Chosen:
        """Ids, symbols and names must agree; where they name different tokens all of them count,
        and a name that nobody bears does not hide what another one found.
        """
        named = [
            (name, found)
            for name, found in (
                ("token_id", frozenset(self.tokens.keys() & set(asked.integers("token_id")))),
                ("symbol", self._by_symbol(asked)),
                ("token_name", self._by_name(asked)),
            )
            if asked.list(name)
        ]
        if not named:
            return Chosen()
        found = [ids for _, ids in named if ids]
        if not found:
            names = " and ".join(name for name, _ in named)
            return Chosen(frozenset(), f"No token among the data has this {names}.")
        common = frozenset.intersection(*found)
        return Chosen(common or frozenset.union(*found))

    def _by_symbol(self, asked: Asked) -> frozenset[int]:
        first, newest = self.facts.panel.first_day, self.newest_day
        day = newest if asked.end is None else max(first, min(asked.end, newest))
        found = set()
        for symbol in asked.list("symbol"):
            try:
                found.add(int(self.facts.registry.resolve(symbol[:40], day).token_id))
            except NotFound:
                continue
        return frozenset(found & self.tokens.keys())

    def _by_name(self, asked: Asked) -> frozenset[int]:
        wanted = {name.casefold() for name in asked.list("token_name")}
        return frozenset(i for i, token in self.tokens.items() if token.name.casefold() in wanted)

    def _by_exchange(self, asked: Asked, chosen: Chosen) -> Chosen:
        wanted = {name.casefold() for name in asked.list("exchange")}
        if not wanted:
            return chosen
        return chosen.narrow(i for i in self.tokens if self.record(i).venue.casefold() in wanted)

    def _by_category(self, asked: Asked, chosen: Chosen) -> Chosen:
        wanted = {make_slug(name) for name in asked.list("category")}
        if not wanted:
            return chosen
        tickers: set[str] = set()
        for category, members in self.categories:
            if category["category_slug"] in wanted:
                tickers |= members
        return chosen.narrow(
            i for i in self.tokens if any(t.symbol in tickers for t in self.record(i).tickers)
        )

    def _by_size(self, asked: Asked, chosen: Chosen) -> Chosen:
        for name, values, words in (
            ("marketcap", self.market_caps, "market caps"),
            ("volume", self.volumes, "volumes"),
            ("fdv", {}, "fully diluted valuations"),
        ):
            least = asked.number(name)
            if least is None:
                continue
            if not values:
                return Chosen(frozenset(), f"No {words} are among the data to filter by ({name}).")
            chosen = chosen.narrow(i for i, value in values.items() if value >= least)
        return chosen

    def _by_address(self, asked: Asked, chosen: Chosen) -> Chosen:
        if not asked.list("blockchain_address"):
            return chosen
        return Chosen(frozenset(), "No contract addresses are among the data.")


def make_slug(name: str) -> str:
    """A name as it stands in links: `Terra Classic` is `terra-classic`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.casefold()).strip("-")


def read_categories(
    rows: Iterable[dict[str, Any]],
) -> tuple[tuple[Category, frozenset[str]], ...]:
    """The sectors of published indices: the index's id, the sector and the tickers of its rules."""
    found = []
    for row in rows:
        basket = row["rules"]["basket"]
        if basket.get("sector") and basket.get("members"):
            members = basket["members"]
            tickers = members.split() if isinstance(members, str) else members
            sector = basket["sector"]
            category = {
                "category_id": row["index_id"],
                "category_name": sector,
                "category_slug": make_slug(sector),
            }
            found.append((category, frozenset(tickers)))
    return tuple(found)


def _known(facts: Facts, values: np.ndarray[Any, np.dtype[np.float64]]) -> dict[int, float]:
    return {
        int(token_id): float(value)
        for token_id, value in zip(facts.panel.token_ids, values, strict=True)
        if value == value
    }
