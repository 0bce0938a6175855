"""Lists in bulk: every format says the same rows, whole, and says them for every list there is."""

import asyncio
import csv
import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import brotli
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from starlette.types import Message
from tests.api.asking import HOST, Answer, ask, ask_async
from tests.api.world import FakeMarkets, World

from assay.api.kinds import LISTINGS
from assay.api.listing import View
from assay.kit.errors import Busy

TYPES = {
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
}
LISTS = [
    "/v1/grades/trader",
    "/v1/grades/investor/BTC",
    "/v1/tokens",
    "/v1/sectors",
    "/v1/candles",
    "/v1/candles/BTC",
    "/v1/candles/BTC?interval=1h",
    "/v1/candles?interval=1h&sort=time",
    "/v1/candles?interval=1m&sort=-time&symbol=BTC,ETH",
    "/v1/publications",
    "/v1/quarantine",
    *(
        "/v1" + listing.path.replace("{symbol}", "BTC").replace("{index}", "top-10")
        for listing in LISTINGS
        if listing.view is not View.ONE
    ),
]


def ask_as(world: World, target: str, form: str, *headers: tuple[bytes, bytes]) -> Answer:
    return ask(world.app, target, [(b"accept", TYPES[form].encode()), *headers])


def read_all(world: World, target: str) -> list[dict[str, Any]]:
    """All rows by pages of JSON."""
    join = "&" if "?" in target else "?"
    rows: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ask(world.app, f"{target}{join}limit=1000{cursor}").json
        rows += page["data"]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    return rows


def show(value: object) -> object:
    """A value of Arrow as JSON would say it, decimals as numbers."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: show(inner) for key, inner in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return {key: show(inner) for key, inner in value}
    return [show(item) for item in value] if isinstance(value, list) else value


def agree(said: Any, arrow: Any) -> bool:
    """True if a member of Arrow says what JSON says; free objects are JSON as text."""
    if isinstance(said, dict) and isinstance(arrow, str):
        return bool(orjson.loads(arrow) == said)
    if isinstance(said, dict) and isinstance(arrow, dict):
        return all(agree(said.get(key), arrow.get(key)) for key in {*said, *arrow})
    if isinstance(said, list) and isinstance(arrow, list):
        return len(said) == len(arrow) and all(map(agree, said, arrow))
    if isinstance(said, dict) and arrow == []:
        return said == {}
    if isinstance(said, str) and isinstance(arrow, float):
        return float(said) == arrow
    return bool(said == arrow)


@pytest.mark.parametrize("target", LISTS)
def test_arrow_and_parquet_hold_the_rows_of_all_pages(world: World, target: str) -> None:
    rows = read_all(world, target)
    assert rows
    streamed = pa.ipc.open_stream(ask_as(world, target, "arrow").body).read_all()
    filed = pq.read_table(io.BytesIO(ask_as(world, target, "parquet").body))
    assert filed.to_pylist() == streamed.to_pylist()
    found = [show(row) for row in streamed.to_pylist()]
    if target == "/v1/candles":
        rows = sorted(rows, key=lambda row: (row["token_id"], row["time"]))
    assert len(found) == len(rows)
    for said, arrow in zip(rows, found, strict=True):
        assert agree(said, arrow), (said, arrow)


@pytest.mark.parametrize("target", LISTS)
def test_ndjson_and_csv_keep_every_string(world: World, target: str) -> None:
    rows = read_all(world, target)
    lines = [orjson.loads(line) for line in ask_as(world, target, "ndjson").body.splitlines()]
    table = list(csv.DictReader(io.StringIO(ask_as(world, target, "csv").body.decode())))
    if target == "/v1/candles":
        rows = sorted(rows, key=lambda row: (row["token_id"], row["time"]))
    assert len(lines) == len(table) == len(rows)
    for said, line, cells in zip(rows, lines, table, strict=True):
        # Facts in columns name every member, null where pages leave it out.
        assert {**dict.fromkeys(line), **said} == line
        for name, value in said.items():
            if isinstance(value, str | int) and not isinstance(value, bool):
                assert cells[name] == str(value)
            if value is None and name in cells:
                assert cells[name] == ""


def test_rows_of_a_publication_come_as_sealed(world: World) -> None:
    said = ask(world.app, "/v1/grades/trader?limit=1000").body
    lines = ask_as(world, "/v1/grades/trader", "ndjson").body.splitlines()
    assert b"[" + b",".join(lines) + b"]" in said


@pytest.mark.parametrize("form", TYPES)
def test_format_says_the_same_as_accept(world: World, form: str) -> None:
    asked = ask(world.app, f"/v1/signals/daily?format={form}")
    accepted = ask_as(world, "/v1/signals/daily", form)
    assert asked.body == accepted.body
    assert asked.header("content-type").partition(";")[0] == TYPES[form]
    assert "signals." in asked.header("content-disposition")
    assert ask(world.app, f"/v1/signals/daily?format={form}", [(b"accept", b"image/png")]).body


def test_what_is_said_of_a_list_travels_with_it(world: World) -> None:
    page = ask(world.app, "/v1/signals/daily").json
    answer = ask_as(world, "/v1/signals/daily", "arrow")
    said = pa.ipc.open_stream(answer.body).schema.metadata
    filed = pq.read_schema(io.BytesIO(ask_as(world, "/v1/signals/daily", "parquet").body)).metadata
    for name in ("as_of", "publication", "origin"):
        assert said[f"assay.{name}".encode()].decode() == page[name]
        assert filed[f"assay.{name}".encode()].decode() == page[name]
        assert answer.header(f"assay-{name.replace('_', '-')}") == page[name]
    assert b"Not investment advice" in said[b"assay.banner"]


def test_decimals_stay_text_where_that_is_asked_for(world: World) -> None:
    for target in ("/v1/grades/trader", "/v1/candles/BTC?interval=1h"):
        join = "&" if "?" in target else "?"
        answer = ask(world.app, f"{target}{join}format=arrow&decimals=text")
        member = "grade" if "grades" in target else "close"
        texts = pa.ipc.open_stream(answer.body).read_all().column(member).to_pylist()
        assert texts == [row[member] for row in read_all(world, target)]


@pytest.mark.parametrize("form", TYPES)
@pytest.mark.parametrize("target", ["/v1/candles", "/v1/grades/trader/BTC", "/v1/tokens"])
def test_a_limit_cuts_a_bulk_list(world: World, form: str, target: str) -> None:
    answer = ask(world.app, f"{target}?format={form}&limit=3")
    counts: dict[str, Callable[[], int]] = {
        "arrow": lambda: pa.ipc.open_stream(answer.body).read_all().num_rows,
        "parquet": lambda: pq.read_table(io.BytesIO(answer.body)).num_rows,
        "csv": lambda: len(answer.body.splitlines()) - 1,
        "ndjson": lambda: len(answer.body.splitlines()),
    }
    assert counts[form]() == 3


def test_a_bulk_list_goes_on_from_a_cursor(world: World) -> None:
    page = ask(world.app, "/v1/tokens?limit=5").json
    rest = ask(world.app, f"/v1/tokens?format=ndjson&cursor={page['next_cursor']}").body
    rows = page["data"] + [orjson.loads(line) for line in rest.splitlines()]
    assert rows == read_all(world, "/v1/tokens")


@pytest.mark.parametrize("form", TYPES)
def test_an_empty_list_is_a_valid_file(world: World, form: str) -> None:
    answer = ask(world.app, f"/v1/signals/daily/BTC?to=2022-01-01&format={form}")
    assert answer.status == 200
    if form == "arrow":
        assert pa.ipc.open_stream(answer.body).read_all().num_rows == 0
    if form == "parquet":
        assert pq.read_table(io.BytesIO(answer.body)).num_rows == 0
    if form == "csv":
        assert answer.body.startswith(b"as_of,origin,publication,token_id,")


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_streams_are_compressed_where_that_is_asked_for(world: World, coding: str) -> None:
    target = "/v1/candles?interval=1h"
    plain = ask_as(world, target, "csv").body
    answer = ask_as(world, target, "csv", (b"accept-encoding", coding.encode()))
    assert answer.header("content-encoding") == coding
    opened: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.decompress,
        "br": brotli.decompress,
        "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    }
    assert opened[coding](answer.body) == plain
    parquet = ask_as(world, target, "parquet", (b"accept-encoding", coding.encode()))
    assert parquet.header("content-encoding") == ""
    assert pq.read_table(io.BytesIO(parquet.body)).num_rows


def test_an_unchanged_list_is_a_304_without_any_work(world: World) -> None:
    tags = set()
    for form in TYPES:
        answer = ask_as(world, "/v1/candles", form)
        tag = answer.header("etag")
        assert answer.header("cache-control") == "private, no-cache"
        assert answer.header("vary") == "accept, accept-encoding"
        again = ask_as(world, "/v1/candles", form, (b"if-none-match", tag.encode()))
        assert (again.status, again.body, again.header("etag")) == (304, b"", tag)
        tags.add(tag)
    assert len(tags) == len(TYPES)


def test_a_tag_changes_with_the_facts(fresh_world: World) -> None:
    before = ask_as(fresh_world, "/v1/candles", "csv").header("etag")
    fresh_world.markets.generation = "2"
    asyncio.run(fresh_world.app.state.refresh())
    assert ask_as(fresh_world, "/v1/candles", "csv").header("etag") != before
    listed = ask_as(fresh_world, "/v1/quarantine", "csv").header("etag")
    fresh_world.markets.quarantine.append(fresh_world.markets.quarantine[0] | {"symbol": "X"})
    assert ask_as(fresh_world, "/v1/quarantine", "csv").header("etag") != listed


def test_what_nobody_can_read_is_refused(world: World) -> None:
    answer = ask(world.app, "/v1/tokens", [(b"accept", b"image/png")])
    assert (answer.status, answer.json["code"]) == (406, "not-acceptable")
    assert "text/csv" in answer.json["hint"]
    assert ask(world.app, "/v1/tokens?format=xlsx").status == 422


@pytest.mark.parametrize("form", TYPES)
def test_a_failure_before_the_first_row_is_a_problem(world: World, form: str) -> None:
    answer = ask(world.app, f"/v1/candles/NIX?format={form}")
    assert (answer.status, answer.json["code"]) == (404, "not-found")


def test_only_so_many_lists_are_streamed_at_once(world: World) -> None:
    gate = world.app.state.bulk
    gate.active = gate.limit
    try:
        answer = ask_as(world, "/v1/tokens", "csv")
    finally:
        gate.active = 0
    assert (answer.status, answer.json["code"]) == (Busy.status, "busy")
    assert int(answer.header("retry-after")) > 0
    assert ask_as(world, "/v1/tokens", "csv").status == 200
    assert gate.active == 0


def test_a_list_costs_what_its_pages_would(world: World) -> None:
    async def cost(target: str) -> object:
        scope: dict[str, Any] = {}

        async def keep(inner: dict[str, Any], receive: Any, send: Any) -> None:
            scope.update(s=inner)
            await world.app.declared(inner, receive, send)

        assert (await ask_async(keep, target)).status == 200  # type: ignore[arg-type]
        return scope["s"].get("assay.cost")

    # Three tokens, two days of minutes.
    assert asyncio.run(cost("/v1/candles?interval=1m&format=arrow")) == 9
    assert asyncio.run(cost("/v1/tokens?format=csv")) == 1


SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "GET",
    "path": "/v1/candles",
    "raw_path": b"/v1/candles",
    "query_string": b"interval=1m&format=csv",
    "headers": [HOST],
    "root_path": "",
    "scheme": "http",
    "state": {},
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 8000),
    "http_version": "1.1",
}


@dataclass
class Lake(FakeMarkets):
    """Counts the batches that were read of it."""

    read: int = 0

    def stream_candles(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        for batch in super().stream_candles(*args, **kwargs):
            self.read += 1
            yield batch


def watch(world: World) -> Lake:
    """Let the application read candles that are counted."""
    lake = Lake(world.markets.registry)
    world.app.state.markets = lake
    return lake


def test_a_client_that_leaves_frees_the_work(fresh_world: World) -> None:
    """It reads two pieces and goes; nothing is made for it after that."""
    lake = watch(fresh_world)
    sent: list[Message] = []

    async def leave() -> None:
        gone = asyncio.Event()

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)
            if len(sent) == 3:
                gone.set()
                await asyncio.sleep(30)

        await asyncio.wait_for(fresh_world.app(dict(SCOPE), receive, send), 20)

    asyncio.run(leave())
    assert len(sent) == 3
    assert lake.read <= 4
    assert fresh_world.app.state.bulk.active == 0


def test_a_slow_client_waits_for_two_pieces_and_is_given_up_at_last(fresh_world: World) -> None:
    lake = watch(fresh_world)
    fresh_world.app.state.bulk.stall_s = 0.5
    sent: list[Message] = []

    async def stall() -> None:
        async def receive() -> Message:
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)
            if len(sent) > 2:
                await asyncio.Event().wait()

        await asyncio.wait_for(fresh_world.app(dict(SCOPE), receive, send), 20)

    asyncio.run(stall())
    assert lake.read <= 3
    assert sent[-1].get("more_body")
    assert fresh_world.app.state.bulk.active == 0


def test_other_requests_are_answered_while_a_list_is_streamed(fresh_world: World) -> None:
    watch(fresh_world)
    order: list[str] = []

    async def both() -> None:
        async def receive() -> Message:
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            order.append("piece")
            if len(order) == 3:
                answer = await ask_async(fresh_world.app, "/v1/tokens")
                order.append(f"answer {answer.status}")

        await fresh_world.app(dict(SCOPE), receive, send)

    asyncio.run(both())
    assert order[3] == "answer 200"
    assert len(order) > 8


def test_a_head_of_a_bulk_list_streams_nothing(fresh_world: World) -> None:
    lake = watch(fresh_world)
    answer = ask(fresh_world.app, "/v1/candles?interval=1m&format=csv", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("content-type").startswith("text/csv")
    assert lake.read <= 1
