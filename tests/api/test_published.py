"""Everything published is listed, filtered, ordered, paged and read by one mechanism."""

import asyncio
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import BaseModel
from tests.api.asking import ask, ask_async
from tests.api.spoken import list_kinds, make_kind_rows, say
from tests.api.world import NEWEST, World, make_world

from assay.api.kinds import GRADES, LISTINGS
from assay.api.listing import Listing, View
from assay.api.routes.published import create_shape


def address(listing: Listing) -> str:
    return "/v1" + listing.path.replace("{symbol}", "BTC").replace("{index}", "top-10")


LISTS = [listing for listing in LISTINGS if listing.view is View.LIST]
HISTORIES = [listing for listing in LISTINGS if listing.view is View.HISTORY]


def name(listing: Listing) -> str:
    return listing.path


def list_unknown(value: object, path: str = "") -> Iterator[str]:
    """Paths of members that no shape documents."""
    if isinstance(value, BaseModel):
        for extra in value.model_extra or {}:
            yield f"{path}.{extra}"
        for field in type(value).model_fields:
            yield from list_unknown(getattr(value, field), f"{path}.{field}")
    if isinstance(value, list):
        for item in value:
            yield from list_unknown(item, path)


def test_every_kind_that_is_published_has_a_route() -> None:
    listed = {listing.said.kind for listing in LISTINGS}
    assert set(list_kinds()) == listed
    assert {grades.said.kind for grades in GRADES.values()}.isdisjoint(listed)


@pytest.mark.parametrize("listing", LISTINGS, ids=name)
def test_every_answer_has_its_documented_shape_to_the_last_member(
    world: World, listing: Listing
) -> None:
    answer = ask(world.app, address(listing))
    assert answer.status == 200, answer.body
    assert answer.json["data"]
    read = create_shape(listing).model_validate_json(answer.body)
    assert list(list_unknown(read)) == []


@pytest.mark.parametrize("listing", LISTS, ids=name)
def test_a_whole_list_is_the_publication_byte_for_byte(world: World, listing: Listing) -> None:
    answer = ask(world.app, address(listing) + "?limit=1000")
    said = ask(world.app, f"/v1/publications/{answer.json['publication']}").json
    if listing.part:
        assert answer.json["data"] == said["data"][0][listing.part]
        return
    rows = answer.body[answer.body.index(b"[") : answer.body.rindex(b"]") + 1]
    assert said["header"]["rows_digest"] == hashlib.sha256(rows).hexdigest()
    assert said["header"]["kind"] == listing.said.kind


@pytest.mark.parametrize("listing", LISTS, ids=name)
def test_pages_join_to_the_whole_and_a_cursor_fits_only_its_list(
    world: World, listing: Listing
) -> None:
    target = address(listing)
    whole = ask(world.app, target + "?limit=1000").json["data"]
    rows: list[Any] = []
    cursor = ""
    while True:
        page = ask(world.app, f"{target}?limit=1{cursor}").json
        rows += page["data"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        elsewhere = ask(world.app, f"/v1/tokens?{cursor[1:]}")
        assert (elsewhere.status, elsewhere.json["code"]) == (422, "bad-input")
    assert rows == whole


@pytest.mark.parametrize("listing", HISTORIES, ids=name)
def test_a_history_pages_in_both_orders_and_names_what_said_each_row(
    world: World, listing: Listing
) -> None:
    target = address(listing)
    newest = ask(world.app, target).json["data"]
    assert [row["as_of"] for row in newest] == sorted((r["as_of"] for r in newest), reverse=True)
    assert len({row["as_of"] for row in newest}) == (4 if listing.said.is_hourly else 2)
    for row in newest:
        said = ask(world.app, f"/v1/publications/{row['publication']}").json
        assert (said["origin"], said["as_of"]) == (row["origin"], row["as_of"])
    oldest = ask(world.app, target + "?sort=time").json["data"]
    assert sorted(oldest, key=str) == sorted(newest, key=str)
    for sort, expected in (("-time", newest), ("time", oldest)):
        rows: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = ask(world.app, f"{target}?sort={sort}&limit=1{cursor}").json
            assert len(page["data"]) <= 1
            rows += page["data"]
            cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
        assert rows == expected


def test_many_rows_of_one_day_are_cut_between_rows(fresh_world: World) -> None:
    rows = make_kind_rows("indices", NEWEST)
    bought = rows[0]["transactions"][0]
    rows[0]["transactions"] = [bought | {"token_id": number} for number in range(4)]
    say(fresh_world.database, "indices", NEWEST, rows)
    for sort in ("-time", "time"):
        target = f"/v1/indices/top-10/transactions?sort={sort}"
        whole = [row["token_id"] for row in ask(fresh_world.app, target).json["data"]]
        paged, cursor = [], ""
        for _ in range(3):
            page = ask(fresh_world.app, f"{target}&limit=2{cursor}").json
            paged += [row["token_id"] for row in page["data"]]
            cursor = f"&cursor={page['next_cursor']}"
        assert paged == whole
        assert len(whole) == 6


def test_a_history_keeps_to_its_days(world: World) -> None:
    day = "2023-12-28"
    for target in ("/v1/signals/daily/BTC", "/v1/market-state", "/v1/indices/top-10/performance"):
        some = ask(world.app, f"{target}?from={day}&to={day}").json
        assert [row["as_of"] for row in some["data"]] == [day]
        none = ask(world.app, f"{target}?to=2022-01-01").json
        assert (none["data"], none["next_cursor"]) == ([], None)
        assert ask(world.app, f"{target}?from=2023-01-01&to=2022-01-01").status == 422


@pytest.mark.parametrize(
    ("target", "member"),
    [
        ("/v1/signals/daily?sort=confidence", "confidence"),
        ("/v1/forecasts/quantiles?sort=volatility", "volatility"),
        ("/v1/moonshots?sort=fall", "fall_80.probability"),
        ("/v1/market-state/tokens?sort=sharpe", "all.sharpe"),
    ],
)
def test_orders_go_by_value_with_the_silent_last(world: World, target: str, member: str) -> None:
    def read(row: dict[str, Any]) -> Decimal | None:
        value: Any = row
        for step in member.split("."):
            value = None if value is None else value[step]
        return None if value is None else Decimal(value)

    up = [read(row) for row in ask(world.app, target).json["data"]]
    down = [read(row) for row in ask(world.app, target.replace("=", "=-")).json["data"]]
    values = [value for value in up if value is not None]
    assert values == sorted(values)
    assert up == values + [None] * (len(up) - len(values))
    assert [value for value in down if value is not None] == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("query", "symbols"),
    [
        ("/v1/signals/daily?signal=1", ["LTC"]),
        ("/v1/signals/daily?signal=-1", ["BTC"]),
        ("/v1/signals/daily?min_confidence=0.4", ["ETH", "LTC"]),
        ("/v1/signals/hourly?symbol=eth,3377", ["ETH", "LTC"]),
        ("/v1/moonshots?max_fall=0.04", ["BTC", "ETH"]),
        ("/v1/signals/daily?sort=-symbol", ["LTC", "ETH", "BTC", "COIN0"]),
        ("/v1/forecasts/levels?symbol=COIN0", ["COIN0"]),
    ],
)
def test_filters_keep_what_they_say(world: World, query: str, symbols: list[str]) -> None:
    assert [row["symbol"] for row in ask(world.app, query).json["data"]] == symbols


def read_path(row: dict[str, Any], path: str) -> Any:
    value: Any = row
    for step in path.split("."):
        value = None if value is None else value[step]
    return value


BOUNDS = [
    ("/v1/grades/trader", "min_grade", "grade"),
    ("/v1/grades/trader", "max_grade", "grade"),
    ("/v1/grades/trader", "min_probability", "probability"),
    ("/v1/grades/trader", "min_volume_usd", "volume_usd"),
    ("/v1/signals/daily", "min_confidence", "confidence"),
    ("/v1/forecasts/quantiles", "max_volatility", "volatility"),
    ("/v1/moonshots", "max_fall", "fall_80.probability"),
    ("/v1/moonshots", "min_volume_usd", "volume_usd"),
    ("/v1/market-state/tokens", "min_sharpe", "all.sharpe"),
    ("/v1/market-state/tokens", "max_volatility", "all.volatility"),
    ("/v1/market-state/correlations", "max_mean", "mean"),
]


@pytest.mark.parametrize(("path", "parameter", "member"), BOUNDS)
def test_a_bound_keeps_what_reaches_it_and_drops_what_has_no_value(
    world: World, path: str, parameter: str, member: str
) -> None:
    rows = ask(world.app, f"{path}?limit=1000").json["data"]
    values = {row["token_id"]: read_path(row, member) for row in rows}
    known = {token: Decimal(value) for token, value in values.items() if value is not None}
    for bound in sorted(known.values()):
        kept = ask(world.app, f"{path}?limit=1000&{parameter}={bound}").json["data"]
        least = parameter.startswith("min_")
        assert {row["token_id"] for row in kept} == {
            token for token, value in known.items() if (value >= bound if least else value <= bound)
        }


CHOICES = [
    ("/v1/signals/daily", "signal", "signal"),
    ("/v1/signals/daily", "trend", "trend"),
    ("/v1/signals/hourly", "trend", "trend"),
    ("/v1/forecasts/quantiles", "trend", "trend.direction"),
    ("/v1/moonshots/outcomes", "state", "state"),
    ("/v1/moonshots/outcomes", "verdict", "verdict"),
    ("/v1/indices", "type", "type"),
]


@pytest.mark.parametrize(("path", "parameter", "member"), CHOICES)
def test_a_choice_keeps_its_own(world: World, path: str, parameter: str, member: str) -> None:
    rows = ask(world.app, f"{path}?limit=1000").json["data"]
    found = {read_path(row, member) for row in rows} - {None}
    assert found
    for value in found:
        kept = ask(world.app, f"{path}?limit=1000&{parameter}={quote(str(value))}").json["data"]
        assert kept == [row for row in rows if read_path(row, member) == value]


@pytest.mark.parametrize("listing", LISTS, ids=name)
def test_every_order_of_every_list_is_an_order_of_the_same_rows(
    world: World, listing: Listing
) -> None:
    sort = listing.query.model_fields.get("sort")
    if sort is None:
        return
    target = f"{address(listing)}?limit=1000"
    rows = ask(world.app, target).json["data"]
    orders = re.findall(r"'([^']+)'", str(sort.annotation))
    assert len(orders) > 1
    for order in orders:
        answer = ask(world.app, f"{target}&sort={order}")
        assert answer.status == 200, order
        assert sorted(answer.json["data"], key=str) == sorted(rows, key=str)


def test_an_empty_list_says_why_and_what_to_do(world: World) -> None:
    told = {
        "/v1/grades/trader?min_grade=100": "min_grade",
        "/v1/signals/daily/BTC?to=2022-01-01": "2023-12-28",
        "/v1/signals/daily/GONE": "nothing of GONE",
        "/v1/signals/daily/BTC?said_by=2020-01-01T00:00:00Z": "later moment",
        "/v1/grades/trader/BTC?to=2021-04-06": "2021-05-05",
        "/v1/candles/BTC?from=2023-12-30": "2023-12-29",
        "/v1/candles?to=2020-01-01": "2023-12-28",
        "/v1/tokens?kind=fiat": "filters",
        "/v1/publications?kind=grades": "grades.trader",
        "/v1/publications?origin=live": "filter",
        "/v1/quarantine?venue=nix": "filters",
    }
    for target, says in told.items():
        answer = ask(world.app, target).json
        assert answer["data"] == [], target
        assert says in answer["reason"], (target, answer["reason"])
    assert "reason" not in ask(world.app, "/v1/grades/trader?limit=1").json


@pytest.mark.parametrize(
    ("as_of", "shown"),
    [
        ("", "2023-12-30T00:00:00Z"),
        ("?as_of=2023-12-29", "2023-12-30T00:00:00Z"),
        ("?as_of=2023-12-30T00:00:00Z", "2023-12-30T00:00:00Z"),
        ("?as_of=2023-12-29T23:59:59Z", "2023-12-29T23:00:00Z"),
        ("?as_of=2023-12-29T23:00:00Z", "2023-12-29T23:00:00Z"),
        ("?as_of=2023-12-30T01:30:00%2B02:00", "2023-12-29T23:00:00Z"),
    ],
)
def test_an_hour_is_shown_once_it_had_closed(world: World, as_of: str, shown: str) -> None:
    assert ask(world.app, "/v1/signals/hourly" + as_of).json["as_of"] == shown


def test_an_index_is_found_by_slug_ticker_and_id_and_near_names_are_suggested(
    world: World,
) -> None:
    found = [ask(world.app, f"/v1/indices/{called}").json for called in ("top-10", "Top10", "1")]
    assert found[0]["data"]["slug"] == "top-10"
    assert found[1:] == found[:1] * 2
    unknown = ask(world.app, "/v1/indices/top-1/performance")
    assert (unknown.status, unknown.json["code"]) == (404, "not-found")
    assert "top-10" in unknown.json["hint"]


@pytest.mark.parametrize(
    ("target", "status", "says"),
    [
        ("/v1/signals/daily?as_of=2023-01-01", 404, "The first day is 2023-12-28"),
        ("/v1/signals/daily?as_of=2030-01-01", 422, "2023-12-29"),
        ("/v1/signals/hourly?as_of=2023-12-29T05:00:00Z", 404, "assay backfill --kind signals"),
        ("/v1/signals/hourly?as_of=12h", 422, "2023-12-29T12:00:00Z"),
        ("/v1/signals/daily?signal=2", 422, "signal"),
        ("/v1/signals/daily?min_grade=2", 422, "not a parameter of this path"),
        ("/v1/signals/daily?min_confidence=2", 422, "min_confidence"),
        ("/v1/moonshots?sort=grade", 422, "sort"),
        ("/v1/market-state?as_of=2023-12-29", 422, "as_of"),
        ("/v1/signals/weekly", 404, "no such path"),
        ("/v1/moonshots/NIX", 404, "No token"),
        ("/v1/indices?said_by=2023-12-30T00:00:00Z", 404, "later moment"),
    ],
)
def test_bad_questions_are_told_what_to_do(
    world: World, target: str, status: int, says: str
) -> None:
    answer = ask(world.app, target)
    assert answer.status == status, answer.body
    assert answer.header("content-type") == "application/problem+json"
    assert says in answer.json["detail"] + " " + answer.json["hint"]


def test_what_was_never_said_is_not_found_and_says_how_to_publish_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    world = make_world(tmp_path_factory.mktemp("empty"), days=0)
    for listing in LISTINGS:
        answer = ask(world.app, address(listing))
        if listing.view is View.HISTORY and "{index}" not in listing.path:
            assert answer.json["data"] == []
            assert f"assay backfill --kind {listing.said.room}" in answer.json["reason"]
        else:
            assert answer.status == 404, listing.path
    missing = ask(world.app, "/v1/moonshots").json
    assert "assay backfill --kind moonshots" in missing["hint"]


def test_what_had_been_said_by_then_is_what_is_shown(fresh_world: World) -> None:
    later = datetime(2024, 3, 1, tzinfo=UTC)
    rows = make_kind_rows("moonshots", NEWEST)[:1]
    said = say(fresh_world.database, "moonshots", NEWEST, rows, later)
    asyncio.run(fresh_world.app.state.refresh())

    async def ask_both() -> list[Any]:
        targets = ("/v1/moonshots", "/v1/moonshots?said_by=2024-02-01T00:00:00Z")
        return [(await ask_async(fresh_world.app, target)).json for target in targets]

    now, then = asyncio.run(ask_both())
    assert now["publication"] == said.publication_id
    assert len(now["data"]) == 1 < len(then["data"])
    history = "/v1/moonshots/BTC?said_by=2024-02-01T00:00:00Z"
    assert said.publication_id not in {
        row["publication"] for row in ask(fresh_world.app, history).json["data"]
    }


def test_symbols_are_read_on_the_day_asked(fresh_world: World) -> None:
    day = date(2022, 5, 1)
    rows = [row | {"token_id": 5001, "symbol": "LUNA"} for row in make_kind_rows("moonshots", day)]
    say(fresh_world.database, "moonshots", day, rows[:1])
    asyncio.run(fresh_world.app.state.refresh())
    then = ask(fresh_world.app, "/v1/moonshots?symbol=LUNA&as_of=2022-05-01").json
    assert [row["token_id"] for row in then["data"]] == [5001]
    assert ask(fresh_world.app, "/v1/moonshots/LUNC").json["data"][0]["token_id"] == 5001
