"""Both clients against the real application: every operation, typed rows, pages, tables."""

import asyncio
import inspect
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.api.asking import ask
from tests.api.world import NEWEST, World

from assay.client import AsyncClient, BadRequest, Client, NotFound, Unauthorized, Unreachable
from assay.client.core.calls import Call, ListCall
from assay.client.shapes.grades import Grade

ROOT = Path(__file__).resolve().parents[2]
Served = tuple[World, str]


@pytest.mark.slow
def test_the_committed_clients_are_what_the_generator_writes() -> None:
    command = [sys.executable, str(ROOT / "tools" / "generate_clients.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def list_operations(world: World) -> dict[str, Any]:
    """Every operation of the OpenAPI document but event streams, by its name."""
    paths = ask(world.app, "/openapi.json").json["paths"]
    said = [operation for item in paths.values() for operation in item.values()]
    streams = [o for o in said if "text/event-stream" in json.dumps(o["responses"])]
    return {o["operationId"]: o for o in said if o not in streams}


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_no_operation_is_forgotten_and_none_is_made_up(
    served: Served, kind: type[Client] | type[AsyncClient]
) -> None:
    known = {
        name for name, item in vars(kind).items() if type(item).__name__ in ("Asked", "Listed")
    }
    assert known == set(list_operations(served[0]))


def test_a_method_takes_the_parameters_of_its_operation(served: Served, client: Client) -> None:
    for name, operation in list_operations(served[0]).items():
        method = getattr(client, name)
        takes = {item.rstrip("_") for item in inspect.signature(method).parameters}
        said = {p["name"] for p in operation.get("parameters", ()) if p["in"] in ("path", "query")}
        assert said - {"format", "decimals"} <= takes, name
        assert inspect.getdoc(method), name


def test_rows_are_typed(client: Client) -> None:
    page = client.list_grades("trader", limit=3).page()
    assert page.as_of == NEWEST
    assert page.origin == "backfilled"
    assert len(page.data) == 3
    best = page.data[0]
    assert isinstance(best, Grade)
    assert isinstance(best.grade, Decimal)
    assert best.rank == 1
    candle = client.list_candles("BTC", interval="1h", limit=1).page().data[0]
    assert isinstance(candle.close, Decimal)
    assert candle.time.utcoffset() is not None


def test_a_list_is_followed_to_its_end(served: Served, client: Client) -> None:
    whole = client.list_grades("trader", limit=1000).page().data
    assert len(whole) > 100
    assert tuple(client.list_grades("trader", limit=40)) == whole
    sizes = [len(page.data) for page in client.list_grades("trader", limit=40).pages()]
    assert sizes == [40] * (len(whole) // 40) + [len(whole) % 40]


def test_days_and_moments_are_passed_through(client: Client) -> None:
    earlier = client.list_grades("trader", as_of=date(2022, 5, 1), limit=1).page()
    assert earlier.as_of == date(2022, 5, 1)
    with pytest.raises(NotFound) as refused:
        client.list_grades("trader", said_by=datetime(2020, 1, 1, tzinfo=UTC)).page()
    assert refused.value.code == "not-found"
    luna = client.get_token("luna", as_of="2022-05-01").data
    assert luna.token_id == 5001


def test_an_hourly_answer_at_midnight_is_a_moment(client: Client) -> None:
    page = client.list_hourly_signals(limit=1).page()
    assert isinstance(page.as_of, datetime)


def test_what_the_server_refuses_is_raised_with_its_fields(client: Client) -> None:
    with pytest.raises(BadRequest) as refused:
        client.list_grades("trader", limit=5000).page()
    assert [field.parameter for field in refused.value.errors] == ["limit"]
    with pytest.raises(NotFound, match="No token has the symbol"):
        client.get_token("NOPE")


def test_an_unknown_key_is_refused_and_never_shown(served: Served) -> None:
    key = "ak_0123456789abcdef_" + "s3cret" * 8
    with Client(served[1], key=key) as client, pytest.raises(Unauthorized) as refused:
        client.get_token("BTC")
    shown = [repr(client), str(client), repr(client.list_tokens()), str(refused.value)]
    shown += [repr(client._session), repr(refused.value.__dict__)]
    assert not [text for text in shown if "s3cret" in text]


def test_texts_and_objects(client: Client) -> None:
    assert client.get_health().status == "ok"
    assert client.get_briefing_text().startswith("#")
    assert "<html" in client.get_briefing_page()
    publication = client.list_grades("trader", limit=1).page().publication
    assert publication is not None
    assert client.get_publication(publication).publication == publication


def test_tables_have_the_columns_of_the_rows(client: Client) -> None:
    frame = client.list_grades("trader", limit=50).to_polars()
    rows = list(client.list_grades("trader"))
    assert frame.height == len(rows)
    assert frame["symbol"].to_list() == [row.symbol for row in rows]
    assert frame["grade"].dtype == pl.Float64
    given = [None if row.grade is None else float(row.grade) for row in rows]
    assert frame["grade"].to_list() == given
    candles = client.list_candles("BTC", interval="1h", sort="time").to_polars()
    assert candles["time"].dtype == pl.Datetime("us", "UTC")


def test_lists_are_saved_as_files_of_every_format(client: Client, tmp_path: Path) -> None:
    listing = client.list_grades("trader", limit=7)
    symbols = [row.symbol for row in listing]
    arrow = pl.read_ipc_stream(listing.save(tmp_path / "grades.arrow"))
    parquet = pl.read_parquet(listing.save(tmp_path / "grades.parquet"))
    table = pl.read_csv(listing.save(tmp_path / "grades.csv"))
    lines = pl.read_ndjson(listing.save(tmp_path / "grades.ndjson"), infer_schema_length=None)
    for frame in (arrow, parquet, table, lines):
        assert frame["symbol"].to_list() == symbols
    with pytest.raises(ValueError, match="a list is saved as"):
        listing.save(tmp_path / "grades.xlsx")
    assert len(list(tmp_path.iterdir())) == 4


def test_a_refused_file_leaves_what_stood_there(client: Client, tmp_path: Path) -> None:
    kept = tmp_path / "kept.csv"
    kept.write_text("mine")
    with pytest.raises(BadRequest):
        client.list_grades("trader", min_grade=101).save(kept)
    assert kept.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [kept]


def test_tables_in_pandas(client: Client) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = client.list_grades("trader").to_pandas()
    assert frame["symbol"].iloc[0] == client.list_grades("trader").page().data[0].symbol


def test_the_asynchronous_client_answers_the_same(served: Served, client: Client) -> None:
    async def ask_all() -> tuple[Any, ...]:
        async with AsyncClient(served[1], key="") as assay:
            listing = assay.list_grades("trader", limit=40)
            rows = [row async for row in listing]
            pages = [page async for page in listing.pages()]
            token, page = await asyncio.gather(assay.get_token("BTC"), listing.page())
            saved = await listing.save(served[0].app.state.home.path / "grades.csv")
            assert pl.read_csv(saved).height == len(rows)
            return rows, pages, token, page, await listing.to_polars()

    rows, pages, token, page, frame = asyncio.run(ask_all())
    assert rows == list(client.list_grades("trader"))
    assert pages == list(client.list_grades("trader", limit=40).pages())
    assert token == client.get_token("BTC")
    assert page == pages[0]
    assert frame.equals(client.list_grades("trader").to_polars())


def test_an_unchanged_answer_comes_without_its_body(served: Served) -> None:
    with Client(served[1], key="", cache_bytes=1_000_000) as client:
        first = client.get_token("BTC")
        assert len(client._session.remembered) == 1
        assert client.get_token("BTC") == first


def test_nobody_there_is_an_error_of_the_family() -> None:
    with Client("http://127.0.0.1:9", key="", timeout_s=2.0) as client:
        client._session.retries = type(client._session.retries)(tries=1)
        with pytest.raises(Unreachable) as failed:
            client.get_health()
    assert failed.value.retryable


def test_every_generated_call_is_one_of_the_two_kinds() -> None:
    for name, item in vars(Client).items():
        if type(item).__name__ == "Listed":
            returned = inspect.signature(item._make).return_annotation
            assert getattr(returned, "__origin__", returned) is ListCall, name
        elif type(item).__name__ == "Asked":
            returned = inspect.signature(item._make).return_annotation
            assert getattr(returned, "__origin__", returned) is Call, name
