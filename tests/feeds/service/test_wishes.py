"""The settings of the feed: what they mean, and what is said of a mistake."""

import pytest

from assay.feeds.service.wishes import Wish, parse_wishes
from assay.kit.errors import BadInput

OURS = ("binance", "kraken")


def test_venues_with_pairs_and_without() -> None:
    wishes = parse_wishes("binance=BTC/USDT, eth/usdt ; kraken;", "", OURS)
    assert wishes == [
        Wish("binance", "binance", ("BTC/USDT", "ETH/USDT")),
        Wish("kraken", "kraken"),
    ]


def test_nothing_is_watched_by_default() -> None:
    assert parse_wishes("", "", OURS) == []


def test_what_we_do_not_speak_goes_through_ccxt() -> None:
    assert parse_wishes("gate=BTC/USDT;ccxt:binance", "", OURS) == [
        Wish("gate", "gate", ("BTC/USDT",), is_ccxt=True),
        Wish("binance", "binance", is_ccxt=True),
    ]


def test_two_of_one_kind_are_named_apart() -> None:
    wishes = parse_wishes(
        "binance@east=BTC/USDT;binance@west=BTC/USDT",
        "east=http://127.0.0.1:8100/; west=http://127.0.0.1:8101",
        OURS,
    )
    assert [(one.name, one.protocol, one.url) for one in wishes] == [
        ("east", "binance", "http://127.0.0.1:8100"),
        ("west", "binance", "http://127.0.0.1:8101"),
    ]


@pytest.mark.parametrize(
    ("feeds", "urls", "said"),
    [
        ("binance=BTCUSDT", "", "the pair 'BTCUSDT' for binance"),
        ("binance=", "", "the pair '' for binance"),
        ("binance=BTC/USDT,", "", "the pair '' for binance"),
        ("binance=BTC/USDT/ETH", "", "'BTC/USDT/ETH'"),
        ("binance=BTC/USDT,btc/usdt", "", "BTC/USDT twice for binance"),
        ("binance;kraken;binance=BTC/USDT", "", "names binance twice"),
        ("=BTC/USDT", "", "whose venue cannot be read"),
        ("bin ance", "", "'bin ance'"),
        ("binance@", "", "'binance@'"),
        ("b" * 200, "", "bbb...'"),
        ("binance", "kraken=http://127.0.0.1:1", "an address of kraken"),
        ("binance", "http://127.0.0.1:1", "an entry without a venue"),
        ("binance", "binance=127.0.0.1:8100", "no http:// or https:// address for binance"),
        ("binance", "binance=ws://127.0.0.1:8100", "no http:// or https:// address for binance"),
        ("binance", "binance=http://127.0.0.1:99999", "no http:// or https:// address"),
        ("binance", "binance=http://127.0.0.1/?key=1", "no http:// or https:// address"),
    ],
)
def test_a_mistake_is_named(feeds: str, urls: str, said: str) -> None:
    with pytest.raises(BadInput, match=r"ASSAY_") as caught:
        parse_wishes(feeds, urls, OURS)
    assert said in caught.value.message
    assert caught.value.hint


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadInput, match="password") as caught:
        parse_wishes("binance", "binance=https://me:hunter2@example.org", OURS)
    assert "hunter2" not in str(caught.value)
