"""Tokens and candles as known then."""

import asyncio
import json
from typing import Any

import pytest
from tests.api.asking import ask
from tests.api.world import World

from assay.api.answers.common import write_decimal
from assay.api.schemas import Candle


def test_tokens_are_those_that_had_begun(world: World) -> None:
    now = ask(world.app, "/v1/tokens?limit=1000").json
    then = ask(world.app, "/v1/tokens?limit=1000&as_of=2022-05-01").json
    assert {t["token_id"] for t in now["data"]} - {t["token_id"] for t in then["data"]} == {5002}
    assert (now["publication"], now["origin"], now["as_of"]) == (None, None, "2023-12-29")
    names = {t["token_id"]: t["symbol"] for t in then["data"]}
    assert (names[5001], names[3375]) == ("LUNA", "BTC")


def test_the_dead_stay_and_were_alive_before(world: World) -> None:
    dead = ask(world.app, "/v1/tokens/GONE").json["data"]
    assert (dead["ended"], dead["last_day"]) == ("collapsed", "2022-11-14")
    alive = ask(world.app, "/v1/tokens/gone?as_of=2022-11-01").json["data"]
    assert (alive["ended"], alive["last_day"]) == (None, None)


def test_symbols_are_read_then_and_ids_always_work(world: World) -> None:
    assert ask(world.app, "/v1/tokens/LUNA?as_of=2022-05-01").json["data"]["token_id"] == 5001
    assert ask(world.app, "/v1/tokens/luna").json["data"]["token_id"] == 5002
    renamed = ask(world.app, "/v1/tokens/5001").json["data"]
    assert renamed["symbol"] == "LUNC"
    assert [ticker["symbol"] for ticker in renamed["tickers"]] == ["LUNA", "LUNC"]


def test_token_pages_join_to_the_whole(world: World) -> None:
    whole = ask(world.app, "/v1/tokens?limit=1000&kind=coin").json["data"]
    tokens: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ask(world.app, f"/v1/tokens?kind=coin&limit=7{cursor}").json
        tokens += page["data"]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert tokens == whole
    assert {token["kind"] for token in whole} == {"coin"}


@pytest.mark.parametrize(
    ("target", "status", "code", "says"),
    [
        ("/v1/tokens/BTX", 404, "not-found", "Did you mean BTC"),
        ("/v1/tokens/bitcoin", 404, "not-found", "BTC"),
        ("/v1/tokens/%00", 404, "not-found", "listed at /docs"),
        ("/v1/tokens/123456", 404, "not-found", "id"),
        ("/v1/tokens/5002?as_of=2022-05-01", 404, "not-found", "2022-05-31"),
        ("/v1/tokens/LUNC?as_of=2022-05-01", 404, "not-found", "LUNA"),
        ("/v1/tokens/BTC?as_of=2020-01-01", 404, "not-found", "2021-04-05"),
        ("/v1/tokens/BTC?as_of=2024-01-01", 422, "in-future", "2023-12-29"),
        ("/v1/tokens?as_of=2020-01-01", 404, "not-found", "2021-04-05"),
        ("/v1/tokens?kind=cat", 422, "bad-input", "kind"),
        ("/v1/candles/NIX", 404, "not-found", "lists all"),
        ("/v1/candles/BTC?interval=2h", 422, "bad-input", "interval"),
        ("/v1/candles/BTC?from=yesterday", 422, "bad-input", "2023-12-29T12:00:00Z"),
        ("/v1/candles/BTC?from=2023-02-01&to=2023-01-01", 422, "bad-input", "Exchange"),
        ("/v1/candles/BTC?start=2023-02-01", 422, "bad-input", "not a parameter"),
        ("/v1/tokens/" + "A" * 65, 422, "bad-input", "symbol"),
    ],
)
def test_bad_questions_are_told_what_to_do(
    world: World, target: str, status: int, code: str, says: str
) -> None:
    answer = ask(world.app, target)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert says in answer.json["detail"] + " " + answer.json["hint"]


def test_daily_candles_are_newest_first_and_complete(world: World) -> None:
    answer = ask(world.app, "/v1/candles/BTC?limit=3").json
    times = [candle["time"][:10] for candle in answer["data"]]
    assert times == ["2023-12-29", "2023-12-28", "2023-12-27"]
    assert answer["data"][0]["volume"] == "10000000000000"
    assert (answer["interval"], answer["symbol"], answer["token_id"]) == ("1d", "BTC", 3375)


def test_a_missing_value_is_null_not_zero(world: World) -> None:
    candle = ask(world.app, "/v1/candles/ETH?from=2021-04-10&to=2021-04-10").json["data"]
    assert [(c["time"][:10], c["low"]) for c in candle] == [("2021-04-10", None)]


@pytest.mark.parametrize("interval", ["1d", "1h"])
def test_every_candle_has_every_member_in_json_as_in_ndjson(world: World, interval: str) -> None:
    path = f"/v1/candles/BTC?interval={interval}&limit=2"
    candles = ask(world.app, path).json["data"]
    assert [list(candle) for candle in candles] == [list(Candle.model_fields)] * 2
    lines = ask(world.app, f"{path}&format=ndjson").body.splitlines()
    assert [json.loads(line) for line in lines] == candles


def test_candles_end_where_the_coin_ended_and_begin_where_it_began(world: World) -> None:
    dead = ask(world.app, "/v1/candles/GONE?limit=1").json["data"]
    assert dead[0]["time"][:10] == "2022-11-14"
    young = ask(world.app, "/v1/candles/LUNA?sort=time&limit=1").json["data"]
    assert young[0]["time"][:10] == "2022-05-31"
    past = ask(world.app, "/v1/candles/BTC?as_of=2022-01-01&limit=1").json
    assert past["data"][0]["time"][:10] == past["as_of"] == "2022-01-01"
    assert ask(world.app, "/v1/candles/BTC?from=2023-12-30").json["data"] == []
    assert ask(world.app, "/v1/candles/BTC?to=2020-01-01").json["data"] == []


@pytest.mark.parametrize("sort", ["time", "-time"])
@pytest.mark.parametrize("interval", ["1d", "1h", "1m"])
def test_candle_pages_join_to_the_whole(world: World, interval: str, sort: str) -> None:
    base = f"/v1/candles/BTC?interval={interval}&sort={sort}&from=2023-12-29T18:00:00Z"
    if interval == "1d":
        base = f"/v1/candles/BTC?interval=1d&sort={sort}&from=2023-11-01&to=2023-11-30"
    whole = ask(world.app, f"{base}&limit=1000").json
    times = [candle["time"] for candle in whole["data"]]
    assert times == sorted(times, reverse=sort == "-time")
    assert whole["next_cursor"] is None
    candles: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ask(world.app, f"{base}&limit=7{cursor}").json
        candles += page["data"]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert candles == whole["data"]


def test_a_candle_counts_when_it_had_closed(world: World) -> None:
    hours = ask(world.app, "/v1/candles/BTC?interval=1h&as_of=2023-12-28&limit=1").json["data"]
    assert hours[0]["time"] == "2023-12-28T23:00:00Z"
    until = ask(world.app, "/v1/candles/BTC?interval=1h&limit=1&to=2023-12-28T05:00:00Z").json
    assert until["data"][0]["time"] == "2023-12-28T05:00:00Z"
    assert until["data"][0]["volume"] is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.1, "0.1"),
        (1e-9, "0.000000001"),
        (1.5e13, "15000000000000"),
        (-0.25, "-0.25"),
        (None, None),
        (float("nan"), None),
    ],
)
def test_prices_are_the_shortest_decimal_that_reads_back(
    value: float | None, text: str | None
) -> None:
    assert write_decimal(value) == text


def test_a_correction_shows_today_and_not_to_the_past(fresh_world: World) -> None:
    day = fresh_world.days[-2]
    old = ask(fresh_world.app, f"/v1/candles/BTC?from={day}&to={day}").json["data"][0]["close"]
    fresh_world.markets.corrected = (3375, day, 77.25)
    fresh_world.markets.generation = "2"
    asyncio.run(fresh_world.app.state.refresh())
    now = ask(fresh_world.app, f"/v1/candles/BTC?from={day}&to={day}").json["data"][0]["close"]
    then = ask(fresh_world.app, f"/v1/candles/BTC?from={day}&to={day}&as_of={day}").json
    assert (now, then["data"][0]["close"]) == ("77.25", old)
