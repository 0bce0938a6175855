"""The manual names every key of a rule book and every field of a row, and no other."""

import re
from pathlib import Path

import pytest
from tests.indices.worlds import PLAIN, create_panel, follow, read_book, watch

from assay.indices.books import load_rule_books, load_sectors, load_trials
from assay.indices.parse import parse_rule_book
from assay.publishing import FIRST_DAY

MANUAL = (Path(__file__).parents[2] / "docs" / "method" / "indices.md").read_text("utf-8")


def read_example() -> str:
    found = re.search(r"```toml\n(.*?)```", MANUAL, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_is_a_rule_book() -> None:
    book = parse_rule_book(read_example(), load_sectors(), FIRST_DAY)
    assert book.cash is not None
    assert book.volatility is not None
    assert book.sleeve is not None


def test_every_key_is_in_the_example() -> None:
    example = read_example()
    document = parse_rule_book(example, load_sectors(), FIRST_DAY).document
    renamed = {"fee_bps", "slippage_bps"}
    hidden = {"index_id", "ticker", "type"}
    keys = (set(document) - hidden) | renamed
    for part in ("basket", "weights", "cash", "volatility", "sleeve"):
        keys |= set(document[part])
    for key in sorted(keys):
        assert re.search(rf"\b{key}\b", example), key


def test_every_field_of_a_row_is_in_the_table() -> None:
    row = follow(read_book(PLAIN), watch(create_panel()), 2)[1]
    table = MANUAL[MANUAL.index("## The published row") : MANUAL.index("## Your own")]
    parts = [row, row["holdings"][0], row["transactions"][0]]
    missing = {key for part in parts for key in part if not re.search(rf"\b{key}\b", table)}
    assert missing == {"no_view"}


@pytest.mark.parametrize("book", load_rule_books(), ids=lambda book: book.slug)
def test_every_public_index_is_in_the_table(book: object) -> None:
    name = str(getattr(book, "name", "")).removesuffix(" 15")
    assert name in MANUAL


def test_the_number_of_candidates_is_the_one_printed() -> None:
    assert f"{len(load_trials())} rule books were tried" in MANUAL
