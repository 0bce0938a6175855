"""Tokens as they were known: tickers move, ends are not known before they happen."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kit.errors import BadInput, Corrupt, NotFound
from assay.markets.compute.naming import parse_symbol
from assay.markets.sources.sample.fetch import fetch_registry
from assay.markets.sources.sample.parse import parse_manifest, parse_registry
from assay.markets.types import Registry, TokenKind, last_whole_day, moment_of

_KEPT = fetch_registry()


@pytest.fixture(scope="module")
def registry() -> Registry:
    return _KEPT


def test_ids_that_clients_know_are_kept(registry: Registry) -> None:
    assert registry.resolve("BTC").token_id == 3375
    assert registry.resolve("eth").token_id == 3306
    assert registry.resolve(" LTC ").token_id == 3377
    own = [r.token_id for r in registry.records if r.token_id not in {3375, 3306, 3377}]
    assert min(own) >= 100_000


def test_luna_is_who_bore_the_ticker_that_day(registry: Registry) -> None:
    then, now = registry.resolve("LUNA", date(2022, 5, 1)), registry.resolve("LUNA")
    assert then.token_id == registry.resolve("LUNC").token_id != now.token_id
    assert (then.symbol, then.pair, then.name) == ("LUNA", "LUNAUSDT", "Terra")
    assert registry.by_id(then.token_id).symbol == "LUNC"
    assert registry.resolve("LUNA", date(2022, 6, 15)).token_id == now.token_id
    with pytest.raises(NotFound, match="Nothing was called LUNC") as caught:
        registry.resolve("LUNC", date(2022, 5, 1))
    assert "LUNA" in caught.value.hint


def test_an_end_is_not_known_before_it_happens(registry: Registry) -> None:
    id_ = registry.resolve("SRM").token_id
    assert registry.by_id(id_, date(2022, 11, 27)).ended is None
    assert registry.by_id(id_, date(2022, 11, 27)).last_day is None
    dead = registry.by_id(id_, date(2022, 11, 28))
    assert (dead.last_day, dead.ended) == (date(2022, 11, 28), "collapsed")


def test_a_token_that_came_back_has_not_ended(registry: Registry) -> None:
    id_ = registry.resolve("FTT").token_id
    assert registry.by_id(id_, date(2022, 12, 31)).ended == "collapsed"
    assert registry.by_id(id_, date(2023, 10, 1)).ended is None
    assert registry.by_id(id_).ended is None


def test_tokens_of_a_day_are_those_that_had_begun(registry: Registry) -> None:
    symbols = {token.symbol for token in registry.tokens(date(2021, 5, 1))}
    assert {"BTC", "NANO", "LUNA", "BTT"} <= symbols
    assert not symbols & {"APE", "XNO", "LUNC", "ARB"}
    assert len(registry.tokens()) == 410
    kinds = {token.kind for token in registry.tokens()}
    assert kinds == set(TokenKind)


@given(st.dates(date(2017, 8, 17), date(2023, 12, 30)))
def test_no_view_of_the_registry_holds_a_later_fact(day: date) -> None:
    for token in _KEPT.tokens(day):
        assert token.first_day <= day
        assert token.last_day is None or token.last_day <= day
        assert (token.last_day is None) == (token.ended is None)
        assert _KEPT.resolve(token.symbol, day) == token


def test_unknown_names_say_what_to_do(registry: Registry) -> None:
    with pytest.raises(NotFound) as caught:
        registry.resolve("NOPE")
    assert caught.value.hint
    with pytest.raises(NotFound, match="id 1"):
        registry.by_id(1)
    with pytest.raises(NotFound, match="did not trade by 2020-01-01"):
        registry.resolve("ARB", date(2020, 1, 1))


def test_a_bare_date_means_its_close() -> None:
    assert moment_of(date(2023, 1, 1)) == datetime(2023, 1, 2, tzinfo=UTC)
    assert last_whole_day(datetime(2023, 1, 2, tzinfo=UTC)) == date(2023, 1, 1)
    assert last_whole_day(datetime(2023, 1, 2, tzinfo=UTC) - timedelta(seconds=1)) == date(
        2022, 12, 31
    )
    with pytest.raises(BadInput):
        moment_of(datetime(2023, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    [
        "tokens = 3",
        "no toml at all",
        'tokens = [[1, "A", "A", "coin", 2020-01-01], [1, "B", "B", "coin", 2020-01-01]]',
        'tokens = [[1, "A", "A", "stone", 2020-01-01]]',
        'tokens = []\n[[ended]]\ntoken = 7\nlast_day = 2020-01-01\nhow = "x"\nknown = 2020-01-01',
    ],
)
def test_a_changed_registry_file_is_refused(text: str) -> None:
    with pytest.raises(Corrupt):
        parse_registry(text)
    with pytest.raises(Corrupt):
        parse_manifest(text)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [
        ("BTC", ("BTC", "USDT")),
        ("ETHBTC", ("ETH", "BTC")),
        ("WBTC", ("WBTC", "USDT")),
        ("BTC/EUR", ("BTC", "EUR")),
        ("TUSDT", ("T", "USDT")),
        ("NEWFDUSD", ("NEW", "FDUSD")),
        ("USDT", ("USDT", "USDT")),
        ("BTC/USDT:USDT", None),
        ("/USDT", None),
        ("", None),
    ],
)
def test_symbols_are_read_as_base_and_quote(symbol: str, expected: tuple[str, str] | None) -> None:
    assert parse_symbol(symbol, frozenset({"BTC", "ETH", "WBTC", "T"})) == expected
