"""The rule books that ship with the package, the lists of sectors, and the candidates tried."""

import csv
from functools import cache
from importlib import resources

from assay.indices.parse import parse_rule_book, parse_sectors
from assay.indices.types import RuleBook
from assay.publishing import FIRST_DAY

SECTORS = "sectors.toml"


@cache
def load_sectors() -> dict[str, tuple[str, ...]]:
    """Tickers of each sector, as they were in use."""
    return parse_sectors(_read(SECTORS))


@cache
def load_rule_books() -> tuple[RuleBook, ...]:
    """The public rule books in order of their ids."""
    names = sorted(
        item.name
        for item in resources.files(__package__).joinpath("rulebooks").iterdir()
        if item.name.endswith(".toml") and item.name != SECTORS
    )
    books = [
        parse_rule_book(_read(name), load_sectors(), FIRST_DAY, is_public=True) for name in names
    ]
    return tuple(sorted(books, key=lambda book: book.index_id))


@cache
def load_trials() -> tuple[dict[str, str], ...]:
    """Every candidate that was tried before the rules of the Trader and Investor Index were fixed,
    with its figures; the chosen ones are among them.
    """
    text = resources.files(__package__).joinpath("tried.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _read(name: str) -> str:
    return resources.files(__package__).joinpath("rulebooks", name).read_text("utf-8")
