"""Rule books: strict, with errors that name the line and the way out."""

from dataclasses import replace
from datetime import date

import pytest

from assay.indices.books import load_rule_books, load_sectors, load_trials
from assay.indices.parse import parse_rule_book
from assay.indices.types import RankBy, Scheme
from assay.kit.errors import BadInput
from assay.publishing import FIRST_DAY

GOOD = """
slug = "mine"
name = "Mine"
every_days = 30

[basket]
members = ["AAVE", "uni", "COMP"]
count = 3

[weights]
scheme = "equal"
cap = 0.5
"""


def parse(text: str) -> str:
    return parse_rule_book(text, load_sectors(), FIRST_DAY).digest


def refuse(text: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert caught.value.hint
    return caught.value


def test_a_good_one_is_read_and_has_defaults() -> None:
    book = parse_rule_book(GOOD, load_sectors(), FIRST_DAY)
    assert book.basket.members == ("AAVE", "COMP", "UNI")
    assert book.start == FIRST_DAY
    assert (book.fee_bps, book.type, book.index_id) == (10.0, "own", 0)
    assert book.cash is None
    assert book.document["weights"]["cap"] == "0.5"


def test_the_digest_is_of_the_meaning_not_of_the_text() -> None:
    assert parse(GOOD) == parse(GOOD.replace('scheme = "equal"\n', "").replace("0.5", "0.50"))
    assert parse(GOOD) != parse(GOOD.replace("count = 3", "count = 2"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("count = 3", "count = 3\ncolour = 1", "Line 9: basket.colour is no key"),
        ("every_days = 30", "every_days = 30\nsize = 3", "size is no key"),
        ("cap = 0.5", "cap = 0.3", "cannot hold: 3 coins of at most 0.3"),
        ("cap = 0.5", "cap = 2", "weights.cap is 2, not a number from 0 to 1"),
        ("cap = 0.5", "cap = true", "weights.cap is True"),
        ("cap = 0.5", "days = 5", "weights.days is 5, not a whole number from 20 to 400"),
        ("every_days = 30", "every_days = 0", "Line 4: every_days is 0"),
        ("every_days = 30", "", "every_days is missing"),
        ('scheme = "equal"', 'scheme = "best"', "weights.scheme is 'best'"),
        ('scheme = "equal"', 'scheme = "grade"', "needs a basket ranked by a grade"),
        ("cap = 0.5", "maximum_turnover = 0.5", 'is for scheme = "min_cvar" alone'),
        ("count = 3", "count = 0", "basket.count is 0"),
        ('members = ["AAVE", "uni", "COMP"]', "members = []", "is not a list of texts"),
        ('members = ["AAVE", "uni", "COMP"]', 'sector = "cars"', "no sector that anything"),
        ("count = 3", 'count = 3\nsector = "defi"', "cannot stand beside sector"),
        ('name = "Mine"', "name = 3", "name is missing or not a text"),
        ('name = "Mine"', 'name = "\\u001b[31mMine"', "name holds signs that cannot be shown"),
        ('slug = "mine"', 'slug = "My Index"', "slug is 'My Index'"),
        ('slug = "mine"', 'slug = "mine"\nstart = 2020-01-01', "start is 2020-01-01"),
        ('slug = "mine"', 'slug = "mine"\nstart = "soon"', "not a day"),
        ('slug = "mine"', 'slug = "mine"\nid = 3', "id is no key"),
        ("cap = 0.5", "cap = 0.5\n[cash]\nmeans = [1]", "not windows from 2 to 400 days"),
        ("cap = 0.5", "cap = 0.5\n[cash]\nmeans = 20", "not a list of numbers"),
        ("cap = 0.5", "cap = 0.5\n[cash]\nmeans = [20]\nfloor = 1.0", "cash.floor is 1.0"),
        ("cap = 0.5", "cap = 0.5\n[volatility]\nannual = 0.5\ndays = 1", "volatility.days is 1"),
        ("cap = 0.5", "cap = 0.5\n[sleeve]\nvolatility_share = 0.2", "sleeve.basket is missing"),
        ("cap = 0.5", "cap = 0.5\n[costs]\nfee_bps = -1", "costs.fee_bps is -1"),
        ("[weights]", "[[weights]]", "weights is not a table"),
        ("[weights]", "[weights", "not TOML"),
    ],
)
def test_what_cannot_work_is_named(old: str, new: str, words: str) -> None:
    assert old in GOOD
    assert words in refuse(GOOD.replace(old, new)).message


def test_an_index_without_a_basket_is_empty() -> None:
    assert "empty" in refuse('slug = "a"\nname = "A"\nevery_days = 7\n').message


def test_an_unknown_sector_lists_the_known_ones_and_the_way_without() -> None:
    hint = refuse(GOOD.replace('members = ["AAVE", "uni", "COMP"]', 'sector = "cars"')).hint
    assert "defi" in hint
    assert "members" in hint


def test_the_shipped_rule_books_stand() -> None:
    books = load_rule_books()
    assert [book.index_id for book in books] == sorted({book.index_id for book in books})
    assert len({book.slug for book in books}) == len({book.ticker for book in books}) == len(books)
    assert all(book.start == FIRST_DAY == date(2021, 4, 5) for book in books)
    kinds = {book.basket.rank_by for book in books}
    assert {RankBy.SIZE, RankBy.TRADER_GRADE, RankBy.INVESTOR_GRADE} <= kinds
    schemes = {book.weights.scheme for book in books}
    assert {Scheme.HRP, Scheme.RISK_PARITY, Scheme.MIN_CVAR, Scheme.SIZE} <= schemes
    assert any(book.sleeve for book in books)
    assert any(book.basket.sector for book in books)
    assert all(book.basket.count >= 10 for book in books)


def test_a_coin_is_in_one_sector() -> None:
    listed = [ticker for tickers in load_sectors().values() for ticker in tickers]
    assert len(listed) == len(set(listed))


def test_every_candidate_has_its_figures() -> None:
    trials = load_trials()
    assert len(trials) > 100
    assert all(float(row["residual_sharpe"]) < 3.0 for row in trials)
    assert len({row["candidate"] for row in trials}) == len(trials)


def test_a_book_is_a_value() -> None:
    book = parse_rule_book(GOOD, load_sectors(), FIRST_DAY)
    assert replace(book, every_days=7) != book
