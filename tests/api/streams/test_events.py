"""Server-sent events in open local mode: a real client against a real server."""

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from tests.api.serving import running
from tests.api.streams.ears import WAIT_S, tell
from tests.api.world import World, make_world

pytestmark = pytest.mark.slow

Event = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("events"))


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[httpx.Client]:
    with running(world.app) as url, httpx.Client(base_url=url, timeout=WAIT_S) as client:
        yield client


def read(answer: httpx.Response) -> Iterator[Event]:
    """(event, id, data) of each event."""
    said: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            said[name] = value
        elif "data" in said:
            yield said["event"], said.get("id", ""), orjson.loads(said["data"])
            said = {}
        else:
            said = {}


def find(events: Iterator[Event], name: str) -> Event:
    return next(event for event in events if event[0] == name)


def test_a_snapshot_and_then_updates(world: World, client: httpx.Client) -> None:
    with client.stream("GET", "/v1/stream/events?channels=prices:BTC,venues") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        events = read(answer)
        assert [next(events)[0] for _ in range(5)] == [
            "welcome",
            "subscribed",
            "subscribed",
            "snapshot",
            "snapshot",
        ]
        tell(world.app, "prices", "3306", price=1)
        tell(world.app, "prices", "3375", price=2)
        _, mark, data = find(events, "update")
        assert data["data"] == {"price": 2}
        assert mark == f"{world.app.state.streams.hub.epoch}-{data['seq']}"


def test_a_reader_goes_on_after_the_last_event_it_has(world: World, client: httpx.Client) -> None:
    path = "/v1/stream/events?channels=candles"
    with client.stream("GET", path) as answer:
        events = read(answer)
        find(events, "snapshot")
        tell(world.app, "candles", "1/1m", open_ms=0, n=1)
        _, mark, _ = find(events, "update")
    for number in (2, 3):
        tell(world.app, "candles", "1/1m", open_ms=0, n=number)
    with client.stream("GET", path, headers={"last-event-id": mark}) as answer:
        events = read(answer)
        resumed = find(events, "resumed")[2]
        assert (resumed["complete"], resumed["replayed"]) == (True, 2)
        assert [find(events, "update")[2]["data"]["n"] for _ in range(2)] == [2, 3]
    with client.stream("GET", path, headers={"last-event-id": "made-up"}) as answer:
        events = read(answer)
        resumed = find(events, "resumed")[2]
        assert (resumed["complete"], resumed["snapshots"]) == (False, ["candles"])
        assert find(events, "snapshot")[2]["rows"][0]["data"]["n"] == 3


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 422, "bad-input"),
        ("?channels=", 422, "bad-input"),
        ("?channels=gossip", 422, "bad-input"),
        ("?channels=prices:NIX", 422, "bad-input"),
        ("?channels=books:x", 422, "bad-input"),
        ("?channels=prices&key=x", 422, "bad-input"),
    ],
)
def test_bad_input_is_a_problem_document(
    client: httpx.Client, query: str, status: int, code: str
) -> None:
    answer = client.get("/v1/stream/events" + query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_foreign_page_hears_nothing(client: httpx.Client, origin: str) -> None:
    for path in ("/v1/stream/events?channels=prices", "/v1/jobs/job_0123456789abcdef/events"):
        answer = client.get(path, headers={"origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden-origin")
    host = client.get("/v1/stream/events?channels=prices", headers={"host": "evil.example"})
    assert host.status_code == 421


def test_a_head_opens_no_stream(world: World, client: httpx.Client) -> None:
    answer = client.head("/v1/stream/events?channels=prices")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert world.app.state.streams.admission.open == 0


def test_streams_take_no_turn_from_requests(world: World, client: httpx.Client) -> None:
    limited = world.app.declared.app  # type: ignore[attr-defined]
    with client.stream("GET", "/v1/stream/events?channels=prices") as answer:
        find(read(answer), "welcome")
        assert limited.running == 0
        assert client.get("/v1/tokens?limit=1").status_code == 200
    assert limited.running == 0
