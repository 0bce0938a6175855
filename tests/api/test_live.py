"""Live prices, books and venues over HTTP, from the board of this process."""

from dataclasses import asdict
from typing import Any

import orjson
import pytest
from tests.api.asking import ask
from tests.api.live_values import BOOK, PRICE, VENUE, put_live
from tests.api.world import World

from assay.api.answers.live import SILENT_S


@pytest.fixture
def world(fresh_world: World) -> World:
    put_live(fresh_world)
    return fresh_world


def read(value: object) -> Any:
    return orjson.loads(orjson.dumps(value))


def test_prices_come_with_what_stands_behind_them(world: World) -> None:
    answer = ask(world.app, "/v1/prices")
    assert [row["symbol"] for row in answer.json["data"]] == ["ETH", "BTC"]
    assert answer.json["notice"] == "A replay."
    assert answer.header("cache-control") == "no-store"
    (bitcoin,) = ask(world.app, "/v1/prices?symbol=btc,NIX").json["data"]
    assert bitcoin == read(asdict(PRICE))
    assert ask(world.app, "/v1/prices/3375").json == {"data": bitcoin}
    assert ask(world.app, "/v1/prices/eth").json["data"]["reason"] == "Every venue is stale."
    missing = ask(world.app, "/v1/prices/NIX")
    assert missing.status == 404
    assert "ASSAY_FEEDS" in missing.json["hint"]


def test_books_and_venues(world: World) -> None:
    book = ask(world.app, "/v1/books?venue=binance&symbol=BTCUSDT")
    assert book.json == {"data": read(asdict(BOOK))}
    assert ask(world.app, "/v1/books?venue=binance&symbol=NIX").status == 404
    assert ask(world.app, "/v1/books?venue=binance").status == 422
    venues = ask(world.app, "/v1/venues").json
    assert venues == {"data": [read(asdict(VENUE))], "notice": "A replay."}


def test_what_nobody_says_any_more_is_not_shown_as_if_it_were_now(world: World) -> None:
    board = world.app.state.board
    for channel in ("prices", "books", "venues"):
        for latest in board.list(channel):
            latest.heard_s -= SILENT_S + 60
    for row in (
        *ask(world.app, "/v1/prices").json["data"],
        ask(world.app, "/v1/prices/BTC").json["data"],
    ):
        assert row["price"] is None
        assert row["reason"].startswith("The feed said nothing for ")
        assert [one["used"] for one in row["contributions"]] == [False]
    book = ask(world.app, "/v1/books?venue=binance&symbol=BTCUSDT").json["data"]
    assert (book["is_live"], book["bids"], book["asks"]) == (False, [], [])
    (venue,) = ask(world.app, "/v1/venues").json["data"]
    assert venue["state"] == "down"
    assert venue["reason"].startswith("The feed said nothing for ")
    # The same again, unchanged: it is heard, and so it is of now.
    board.touch("prices", "3375")
    assert ask(world.app, "/v1/prices/BTC").json["data"]["price"] == 17_500.5


def test_nothing_is_watched(fresh_world: World) -> None:
    assert ask(fresh_world.app, "/v1/prices").json == {"data": [], "notice": ""}
    assert ask(fresh_world.app, "/v1/venues").json == {"data": [], "notice": ""}
