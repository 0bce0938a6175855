"""The record over HTTP: figures, days, points, statements, and nothing selectable by outcome."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.api.asking import Answer, ask
from tests.api.world import World, make_world
from tests.track_record.worlds import no_hours

from assay.markets.types import TokenKind
from assay.track_record.building import score_owed
from assay.track_record.compute.world import IndexPaths
from assay.track_record.compute.world import World as Scene

FIGURES, DAYS = "/v1/track-record", "/v1/track-record/days"
POINTS, STATEMENTS = "/v1/track-record/calibration", "/v1/track-record/statements"
COUNTS = ("hits", "misses", "open", "undecided", "no_call", "no_view")


def score(world: World, word: str = "1") -> None:
    facts = world.app.state.world.facts
    assert facts is not None
    panel = facts.panel.until(facts.newest_day)
    flat = np.ones(panel.n_days)
    scene = Scene(
        panel,
        np.array([record.kind is TokenKind.COIN for record in facts.registry.records]),
        [bytes([day % 251]) for day in range(panel.n_days)],
        b"",
        no_hours,
        lambda: IndexPaths(lambda _: {}, panel.first_day, flat, None),
    )
    score_owed(world.database, scene, word)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = make_world(tmp_path_factory.mktemp("record"))
    score(world)
    return world


def get(world: World, target: str) -> Any:
    answer = ask(world.app, target)
    assert answer.status == 200, answer.body
    return answer.json


def list_pages(world: World, target: str) -> list[Any]:
    rows, cursor = [], ""
    while True:
        page = get(world, f"{target}&limit=7{cursor}")
        rows += page["data"]
        if page["next_cursor"] is None:
            return rows
        cursor = f"&cursor={page['next_cursor']}"


def test_every_kind_and_measure_has_its_line_and_counts_add_up(world: World) -> None:
    answer = get(world, FIGURES)
    assert len(answer["data"]) == 20
    for row in answer["data"]:
        assert row["statements"] == sum(row[name] for name in COUNTS)
        decided = row["hits"] + row["misses"]
        if decided:
            assert float(row["rate"]) == pytest.approx(row["hits"] / decided, abs=1e-6)
            assert float(row["rate_low"]) <= float(row["rate"]) <= float(row["rate_high"])
        else:
            assert row["rate"] is None
    reach = answer["reach"]
    assert reach["counted_statements"] == sum(row["statements"] for row in answer["data"])
    assert (reach["left_out_statements"], reach["through"]) == (0, "2023-12-29")
    assert {item["kind"] for item in reach["unscored"]} >= {"briefing"}


def test_figures_are_those_of_the_days_and_those_of_the_statements(world: World) -> None:
    for row in get(world, FIGURES)["data"]:
        asked = f"kind={row['kind']}&measure={row['measure']}&origin={row['origin']}"
        days = list_pages(world, f"{DAYS}?{asked}")
        statements = list_pages(world, f"{STATEMENTS}?{asked}")
        assert len(statements) == row["statements"]
        for name in COUNTS:
            result = {"hits": "hit", "misses": "miss"}.get(name, name)
            assert row[name] == sum(day[name] for day in days)
            assert row[name] == sum(item["result"] == result for item in statements)
        places = [(item["publication"], item["row"], item["said"]) for item in statements]
        assert len(set(places)) == len(places)
    assert get(world, f"{STATEMENTS}?kind=grades.trader")["data"][0]["as_of"] == "2023-12-29"
    oldest = get(world, f"{STATEMENTS}?kind=grades.trader&sort=time")["data"][0]
    assert oldest["as_of"] == "2021-05-05"


def test_filters_say_what_they_leave_out(world: World) -> None:
    whole = get(world, FIGURES)["reach"]["counted_statements"]
    for target in (
        f"{FIGURES}?kind=moonshots",
        f"{DAYS}?from=2023-01-01",
        f"{POINTS}?to=2022-06-01",
        f"{STATEMENTS}?kind=grades.trader&symbol=BTC",
        f"{FIGURES}?origin=live",
    ):
        reach = get(world, target)["reach"]
        assert reach["counted_statements"] < whole
        assert reach["counted_statements"] + reach["left_out_statements"] == whole
    empty = get(world, f"{FIGURES}?origin=live")
    assert empty["data"] == []
    assert "leave out all" in empty["reason"]
    told = list_pages(world, f"{STATEMENTS}?kind=grades.trader&symbol=BTC")
    assert {item["subject_id"] for item in told} == {3375}
    assert (
        len(told)
        == get(world, f"{STATEMENTS}?kind=grades.trader&symbol=BTC")["reach"]["counted_statements"]
    )


def test_nothing_can_be_chosen_by_its_outcome(world: World) -> None:
    paths = ask(world.app, "/openapi.json").json["paths"]
    for path in (FIGURES, DAYS, POINTS, STATEMENTS):
        names = {parameter["name"] for parameter in paths[path]["get"]["parameters"]}
        assert names <= {
            "kind", "measure", "origin", "from", "to", "symbol", "sort", "limit", "cursor",
            "format", "decimals",
        }  # fmt: skip
    refused = ask(world.app, f"{STATEMENTS}?kind=grades.trader&result=hit")
    assert refused.status == 422
    assert ask(world.app, f"{FIGURES}?measure=luck").status == 422
    assert ask(world.app, f"{FIGURES}?from=2023-02-01&to=2023-01-01").status == 422
    assert ask(world.app, STATEMENTS).status == 422


def test_statements_lead_to_their_publication_and_row(world: World) -> None:
    for item in get(world, f"{STATEMENTS}?kind=moonshots&limit=5")["data"]:
        publication = get(world, f"/v1/publications/{item['publication']}")
        assert publication["data"][item["row"]]["token_id"] == item["subject_id"]
        assert publication["origin"] == item["origin"]


@pytest.mark.parametrize("form", ["csv", "ndjson", "arrow", "parquet"])
def test_bulk_is_the_same_as_the_pages(world: World, form: str) -> None:
    pages = list_pages(world, f"{STATEMENTS}?kind=grades.trader")
    body = ask(world.app, f"{STATEMENTS}?kind=grades.trader&format={form}").body
    read = {
        "csv": lambda: pl.read_csv(body),
        "ndjson": lambda: pl.read_ndjson(body, infer_schema_length=None),
        "arrow": lambda: pl.read_ipc_stream(io.BytesIO(body)),
        "parquet": lambda: pl.read_parquet(io.BytesIO(body)),
    }[form]()
    assert read["result"].to_list() == [row["result"] for row in pages]
    assert read["row"].to_list() == [row["row"] for row in pages]
    for target in (FIGURES, DAYS, POINTS):
        assert ask(world.app, f"{target}?format={form}").status == 200


def test_an_answer_is_kept_until_the_record_changes(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    before = get(world, FIGURES)
    assert before["data"] == []
    assert "not built yet" in before["reason"]
    assert before["reach"]["complete"] is False
    score(world)
    after = ask(world.app, FIGURES)
    assert len(after.json["data"]) == 20
    assert ask_again(world, after).status == 304
    with world.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM track_record_scores WHERE kind = 'moonshots'")
        connection.exec_driver_sql("UPDATE track_record_state SET version = version + 1")
    assert len(ask_again(world, after).json["data"]) == 16
    world.app.state.close()


def ask_again(world: World, answer: Answer) -> Answer:
    return ask(world.app, FIGURES, [(b"if-none-match", answer.header("etag").encode())])


def test_calibration_states_and_observes(world: World) -> None:
    points = get(world, f"{POINTS}?kind=grades.trader&measure=beats_median")["data"]
    stated = [float(point["stated"]) for point in points if point["by"] == "probability"]
    assert stated == sorted(stated)
    for point in points:
        share = point["happened"] / point["statements"]
        assert float(point["observed"]) == pytest.approx(share, abs=1e-6)
        assert float(point["low"]) <= share <= float(point["high"])
    counted = sum(point["statements"] for point in points if point["by"] == "probability")
    (row,) = get(world, f"{FIGURES}?kind=grades.trader&measure=beats_median")["data"]
    assert counted >= row["hits"] + row["misses"]
