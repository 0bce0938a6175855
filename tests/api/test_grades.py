"""The grades' routes: what is listed, in which order, on which publication, and why not."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from tests.api.asking import Answer, ask, ask_async
from tests.api.world import NEWEST, World, make_rows, publish

from assay.grades import GradeKind

LIST = "/v1/grades/trader?limit=1000"


def get_rows(world: World, target: str) -> list[dict[str, Any]]:
    answer = ask(world.app, target)
    assert answer.status == 200, answer.body
    rows = answer.json["data"]
    assert isinstance(rows, list)
    return rows


def test_the_whole_list_is_the_publication_byte_for_byte(world: World) -> None:
    answer = ask(world.app, LIST)
    assert answer.json["next_cursor"] is None
    assert answer.json["as_of"] == "2023-12-29"
    assert answer.json["origin"] == "backfilled"
    start = answer.body.index(b"[")
    rows = answer.body[start : answer.body.rindex(b"]") + 1]
    said = ask(world.app, f"/v1/publications/{answer.json['publication']}")
    assert said.json["header"]["rows_digest"] == hashlib.sha256(rows).hexdigest()
    assert said.json["data"] == answer.json["data"]
    header = orjson.dumps(said.json["header"], option=orjson.OPT_SORT_KEYS)
    assert said.json["digest"] == hashlib.sha256(header).hexdigest()
    assert header in said.body


def test_no_view_tokens_come_last_with_a_reason_in_every_order(world: World) -> None:
    for sort in ("-grade", "grade", "symbol", "-symbol", "change", "-volume", "probability"):
        rows = get_rows(world, f"{LIST}&sort={sort}")
        views = [row["grade"] is not None for row in rows]
        assert views == sorted(views, reverse=True)
        assert not all(views)
        assert all((row["no_view"] is None) == view for row, view in zip(rows, views, strict=True))
        assert all(row["no_view"]["code"] for row in rows if row["grade"] is None)


@pytest.mark.parametrize("member", ["grade", "change", "probability"])
def test_orders_go_by_value_not_by_text(world: World, member: str) -> None:
    up = [Decimal(r[member]) for r in get_rows(world, f"{LIST}&sort={member}") if r["grade"]]
    down = [Decimal(r[member]) for r in get_rows(world, f"{LIST}&sort=-{member}") if r["grade"]]
    assert up == sorted(up)
    assert down == sorted(up, reverse=True)


def test_symbols_and_ids_select(world: World) -> None:
    rows = get_rows(world, "/v1/grades/trader?symbol=btc,3306,%20LTC")
    assert {row["symbol"] for row in rows} == {"BTC", "ETH", "LTC"}


def test_symbols_are_read_on_the_day_judged(world: World) -> None:
    then = get_rows(world, "/v1/grades/trader?symbol=LUNA&as_of=2022-05-01")
    now = get_rows(world, "/v1/grades/trader?symbol=LUNA")
    assert [row["token_id"] for row in then] == [5001]
    assert [row["token_id"] for row in now] == [5002]
    assert get_rows(world, "/v1/grades/trader?symbol=LUNC")[0]["token_id"] == 5001


def test_limits_keep_what_reaches_them(world: World) -> None:
    everything = get_rows(world, LIST)
    some = get_rows(world, f"{LIST}&min_grade=50&min_volume_usd=200000")
    assert some == [
        row
        for row in everything
        if row["grade"] is not None
        and Decimal(row["grade"]) >= 50
        and Decimal(row["volume_usd"]) >= 200_000
    ]
    assert 0 < len(some) < len(everything)
    at_the_limit = get_rows(world, f"{LIST}&min_grade={everything[0]['grade']}")
    assert at_the_limit == everything[:1]


def test_a_category_without_categories_is_refused(world: World) -> None:
    answer = ask(world.app, "/v1/grades/trader?category=defi")
    assert answer.status == 422
    assert "No categories are loaded" in answer.json["detail"]


def test_pages_join_to_the_whole_and_keep_to_one_publication(fresh_world: World) -> None:
    async def walk() -> tuple[list[dict[str, Any]], set[str]]:
        rows, said, cursor = [], set(), ""
        while True:
            page = (await ask_async(fresh_world.app, "/v1/grades/trader?limit=4" + cursor)).json
            rows += page["data"]
            said.add(page["publication"])
            if page["next_cursor"] is None:
                return rows, said
            cursor = f"&cursor={page['next_cursor']}"
            newer = make_rows(fresh_world.markets.registry, NEWEST, seed=50 + len(rows))
            moment = datetime(2024, 2, 1, tzinfo=UTC)
            publish(fresh_world.database, GradeKind.TRADER, NEWEST, newer, moment)
            assert await fresh_world.app.state.refresh()

    whole = ask(fresh_world.app, LIST).json
    rows, said = asyncio.run(walk())
    assert rows == whole["data"]
    assert said == {whole["publication"]}


def test_a_cursor_fits_only_its_own_list(world: World) -> None:
    cursor = ask(world.app, "/v1/grades/trader?limit=4").json["next_cursor"]
    assert ask(world.app, f"/v1/grades/trader?limit=9&cursor={cursor}").status == 200
    for target in (
        f"/v1/grades/investor?cursor={cursor}",
        f"/v1/grades/trader?min_grade=4&cursor={cursor}",
        f"/v1/grades/trader/BTC?cursor={cursor}",
        f"/v1/tokens?cursor={cursor}",
        "/v1/grades/trader?cursor=" + cursor[:-6] + "AAAAAA",
        "/v1/grades/trader?cursor=%F0%9F%92%A3",
    ):
        answer = ask(world.app, target)
        assert (answer.status, answer.json["code"]) == (422, "bad-input"), target
        assert "cursor" in answer.json["detail"]


@pytest.mark.parametrize(
    ("query", "status", "code", "says"),
    [
        ("as_of=2020-01-01", 404, "not-found", "The first day is 2021-05-05"),
        ("as_of=2024-06-01", 422, "in-future", "2023-12-29"),
        ("as_of=2023-01-01", 404, "not-found", "nearest day before is 2022-05-01"),
        ("as_of=29.12.2023", 422, "bad-input", "YYYY-MM-DD"),
        ("as_of=2023-02-30", 422, "bad-input", "YYYY-MM-DD"),
        ("as_of=1700000000", 422, "bad-input", "YYYY-MM-DD"),
        ("as_of=2023-12-29T00:00:00Z", 422, "bad-input", "YYYY-MM-DD"),
        ("said_by=2023-12-29", 422, "bad-input", "2023-12-30T00:00:00Z"),
        ("said_by=2023-12-29T10:00:00", 422, "bad-input", "offset"),
        ("said_by=2023-12-29T10:00:00Z", 404, "not-found", "later moment"),
        ("as_of=2022-05-01&said_by=2022-05-02T00:00:00Z", 404, "not-found", "published by"),
        ("symbol=BTX", 404, "not-found", "BTC"),
        ("symbol=,", 422, "bad-input", "names no token"),
        ("symbol=99999999999999999999", 404, "not-found", "id"),
        ("limit=0", 422, "bad-input", "limit"),
        ("limit=1001", 422, "bad-input", "limit"),
        ("limit=many", 422, "bad-input", "limit"),
        ("min_grade=101", 422, "bad-input", "min_grade"),
        ("min_grade=NaN", 422, "bad-input", "min_grade"),
        ("min_volume_usd=-1", 422, "bad-input", "min_volume_usd"),
        ("sort=best", 422, "bad-input", "sort"),
        ("min_grad=5", 422, "bad-input", "did you mean min_grade"),
        ("a=1&limit=0", 422, "bad-input", "limit"),
        ("as_of=2022-05-01&as_of=2023-12-29", 422, "bad-input", "as_of is given more than once"),
    ],
)
def test_bad_questions_are_told_what_to_do(
    world: World, query: str, status: int, code: str, says: str
) -> None:
    answer = ask(world.app, f"/v1/grades/trader?{query}")
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.header("content-type") == "application/problem+json"
    assert answer.json["status"] == status
    assert says in answer.json["detail"] + " " + answer.json["hint"]


def test_what_had_been_said_by_then_is_what_is_shown(fresh_world: World) -> None:
    rows = make_rows(fresh_world.markets.registry, NEWEST, seed=77)
    later = datetime(2024, 3, 1, tzinfo=UTC)
    first = ask(fresh_world.app, "/v1/grades/trader").json["publication"]
    second = publish(fresh_world.database, GradeKind.TRADER, NEWEST, rows, later, corrects=first)
    asyncio.run(fresh_world.app.state.refresh())
    assert ask(fresh_world.app, "/v1/grades/trader").json["publication"] == second.publication_id
    before = (later - timedelta(seconds=1)).isoformat().replace("+00:00", "%2B00:00")
    for moment in (before, before.replace("%2B", "+"), "2024-02-29T23:59:59Z"):
        said = ask(fresh_world.app, f"/v1/grades/trader?said_by={moment}")
        assert said.json["publication"] == first


def test_a_history_is_newest_first_and_pages(world: World) -> None:
    whole = ask(world.app, "/v1/grades/trader/BTC").json
    days = [point["as_of"] for point in whole["data"]]
    assert days == sorted(days, reverse=True)
    assert {"grade", "label", "origin", "publication", "no_view"} <= set(whole["data"][0])
    oldest = ask(world.app, "/v1/grades/trader/BTC?sort=time").json["data"]
    assert oldest == whole["data"][::-1]
    for sort, expected in (("-time", whole["data"]), ("time", oldest)):
        points: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = ask(world.app, f"/v1/grades/trader/BTC?sort={sort}&limit=2{cursor}").json
            points += page["data"]
            cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
        assert points == expected


def test_a_history_keeps_to_its_days_and_names_its_token_then(world: World) -> None:
    some = ask(world.app, "/v1/grades/trader/BTC?from=2022-01-01&to=2022-12-31").json
    assert [point["as_of"] for point in some["data"]] == ["2022-05-01"]
    then = ask(world.app, "/v1/grades/trader/LUNA?to=2022-05-01").json
    assert (then["token_id"], then["symbol"]) == (5001, "LUNA")
    assert ask(world.app, "/v1/grades/trader/LUNA?to=2030-01-01").json["token_id"] == 5002
    backwards = ask(world.app, "/v1/grades/trader/BTC?from=2023-01-01&to=2022-01-01")
    assert (backwards.status, backwards.json["code"]) == (422, "bad-input")


def test_an_explanation_names_its_publication_and_is_computed_apart(fresh_world: World) -> None:
    symbol = ask(fresh_world.app, "/v1/grades/trader?limit=1").json["data"][0]["symbol"]
    answer = ask(fresh_world.app, f"/v1/grades/trader/{symbol}/explanation?as_of=2023-12-29")
    assert answer.status == 200
    assert answer.json["data"]["thread"].startswith("assay-compute")
    assert answer.json["origin"] == "backfilled"
    assert answer.json["publication"].startswith("grades.trader-2023-12-29")


def test_equal_explanations_asked_together_are_computed_once(fresh_world: World) -> None:
    async def ask_together() -> list[Answer]:
        target = f"/v1/grades/trader/{symbol}/explanation"
        return await asyncio.gather(*(ask_async(fresh_world.app, target) for _ in range(20)))

    symbol = ask(fresh_world.app, "/v1/grades/trader?limit=1").json["data"][0]["symbol"]
    answers = asyncio.run(ask_together())
    assert len(set(answers)) == 1
    assert fresh_world.grades.explained < 20


def test_what_was_never_published_is_not_found(world: World) -> None:
    answer = ask(world.app, "/v1/publications/grades.trader-2023-12-29-000000000000")
    assert (answer.status, answer.json["code"]) == (404, "not-found")
