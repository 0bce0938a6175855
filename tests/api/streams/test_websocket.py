"""WebSockets in open local mode: a real client against a real server."""

import socket
from collections.abc import Iterator
from time import sleep
from typing import Any

import pytest
from tests.api.serving import running
from tests.api.streams.ears import Ear, fire, listening, tell
from tests.api.streams.loops import run_in_loop, serving
from tests.api.world import World, make_world
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from assay.kit.bus import LIVE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("streams"))


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    with running(world.app) as url:
        yield url


@pytest.fixture
def ear(url: str) -> Iterator[Ear]:
    with listening(url) as ear:
        assert ear.next()["type"] == "welcome"
        yield ear


def test_a_snapshot_comes_first_and_then_each_update_with_its_numbers(
    world: World, ear: Ear
) -> None:
    assert ear.subscribe("prices", "3375")["rows"] == []
    tell(world.app, "prices", "3375", price=1)
    first = ear.wait("update")
    assert (first["channel"], first["key"], first["data"]) == ("prices", "3375", {"price": 1})
    tell(world.app, "prices", "3306", price=7)
    tell(world.app, "prices", "3375", price=2)
    second = ear.wait("update")
    assert second["data"] == {"price": 2}
    assert second["previous"] == first["seq"]
    # One number for the other token; a server that starts also tells what was published before.
    assert second["seq"] >= first["seq"] + 2
    row = ear.subscribe("prices", "3375")["rows"][0]
    assert (row["key"], row["seq"], row["data"]) == ("3375", second["seq"], {"price": 2})
    assert row["age_ms"] >= 0


def test_a_symbol_is_the_token_that_bears_it_now(world: World, ear: Ear) -> None:
    ear.say("subscribe", channel="candles", keys=["btc/1m", "3375/1m"], id="a")
    assert ear.wait("subscribed")["keys"] == ["3375/1m"]
    answer = ear.wait("snapshot")
    tell(world.app, "candles", "3375/1m", open_ms=1, close=5)
    assert ear.wait("update")["seq"] > answer["seq"]
    refused = ear.ask("subscribe", channel="prices", keys=["NIX"], id=7)
    assert (refused["type"], refused["code"], refused["id"]) == ("error", "unknown-key", 7)


def test_a_value_that_has_not_changed_is_told_once(world: World, ear: Ear) -> None:
    ear.subscribe("venues")
    for state in ("live", "live", "live", "down"):
        tell(world.app, "venues", "kraken", state=state)
    states = [ear.wait("update")["data"]["state"] for _ in range(2)]
    assert states == ["live", "down"]


def test_who_unsubscribes_hears_no_more(world: World, ear: Ear) -> None:
    ear.subscribe("books", "binance/AAA", "binance/BBB")
    assert ear.ask("unsubscribe", channel="books", keys=["binance/AAA"])["keys"] == ["binance/BBB"]
    tell(world.app, "books", "binance/AAA", bids=[])
    tell(world.app, "books", "binance/BBB", bids=[])
    assert ear.wait("update")["key"] == "binance/BBB"
    ear.subscribe("books")
    assert ear.ask("unsubscribe", channel="books")["keys"] == []
    tell(world.app, "books", "binance/BBB", bids=[1])
    assert ear.ask("ping")["type"] == "pong"


def test_what_is_published_is_there_as_a_snapshot(ear: Ear) -> None:
    rows = {row["key"]: row["data"] for row in ear.subscribe("grades")["rows"]}
    assert set(rows) == {"trader", "investor"}
    trader = rows["trader"]
    assert trader["kind"] == "grades.trader"
    assert trader["origin"] == "backfilled"
    assert len(trader["top"]) == 10
    assert trader["changed"] is not None
    assert {row["key"] for row in ear.subscribe("signals")["rows"]} == {"daily", "hourly"}
    assert ear.subscribe("indices", "all")["rows"][0]["data"]["top"][0]["slug"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{", "malformed"),
        ("[]", "malformed"),
        ("null", "malformed"),
        (b"{}", "malformed"),
        ("{}", "unknown-type"),
        ('{"type":["ping"]}', "unknown-type"),
        ('{"type":"ping","more":1}', "malformed"),
        ('{"type":"subscribe"}', "unknown-channel"),
        ('{"type":"subscribe","channel":"gossip"}', "unknown-channel"),
        ('{"type":"subscribe","channel":"prices","keys":[]}', "malformed"),
        ('{"type":"subscribe","channel":"prices","keys":[1]}', "malformed"),
        ('{"type":"subscribe","channel":"books","keys":["binance"]}', "unknown-key"),
        ('{"type":"subscribe","channel":"alerts","keys":["local"]}', "unknown-key"),
        ('{"type":"resume","after":"x"}', "malformed"),
        ('{"type":"auth","key":"ak_0123456789abcdef_x"}', "unknown-type"),
        ("x" * 20_000, "too-large"),
    ],
)
def test_bad_input_is_told_and_harms_nothing(ear: Ear, said: Any, code: str) -> None:
    ear.connection.send(said)
    answer = ear.next()
    assert (answer["type"], answer["code"]) == ("error", code)
    assert answer["detail"]
    assert answer["hint"]
    assert ear.ask("ping", id=1) == {"type": "pong", "id": 1, "seq": ear.heard[-1]["seq"]}


def test_a_frame_beyond_all_measure_ends_the_connection(ear: Ear) -> None:
    with pytest.raises(ConnectionClosed) as ended:
        ear.connection.send("x" * 200_000)
        while True:
            ear.next()
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1009


def test_what_is_on_the_bus_and_no_update_is_counted_and_told_to_nobody(
    world: World, ear: Ear
) -> None:
    streams = world.app.state.streams
    ear.subscribe("prices")
    ear.subscribe("alerts")
    before = streams.malformed + streams.hub.refused
    bad = (b"", b"x", b"prices\x001", b"gossip\x001\x00{}", b"alerts\x00local\x00{}")
    for message in (
        *bad,
        b"prices\x001\x00{",
        b"prices\x001\x00[]",
        b"prices\x00\x00{}",
        b"\xff\0\0",
    ):
        world.app.state.bus.publish(LIVE, message)
    tell(world.app, "prices", "3375", price=99)
    assert ear.wait("update")["data"] == {"price": 99}
    assert [m for m in ear.heard if m["type"] == "update"] == ear.heard[-1:]
    assert streams.malformed + streams.hub.refused - before == 9


def test_alerts_are_the_account_s_own(world: World, ear: Ear) -> None:
    ear.subscribe("alerts")
    fire(world.app, "somebody-else", title="no")
    fire(world.app, "local", title="yes")
    fire(world.app, "local", title="yes")
    titles = [ear.wait("update")["data"]["title"] for _ in range(2)]
    assert titles == ["yes", "yes"], "events are told each, also if they are equal"
    assert "somebody-else" not in str(ear.heard)


def test_a_reader_that_was_cut_off_goes_on_where_it_was(world: World, url: str) -> None:
    with listening(url) as ear:
        epoch = ear.next()["epoch"]
        ear.subscribe("prices", "3375", "3306")
        tell(world.app, "prices", "3375", price=10)
        last = ear.wait("update")["seq"]
    for price in (11, 12, 13):
        tell(world.app, "prices", "3375", price=price)
    tell(world.app, "prices", "3377", price=1)
    with listening(url) as ear:
        ear.next()
        places = [{"channel": "prices", "keys": ["3375", "3306"]}]
        answer = ear.ask("resume", after=f"{epoch}-{last}", subscriptions=places)
        assert (answer["complete"], answer["replayed"], answer["reason"]) == (True, 3, None)
        assert [ear.next()["data"]["price"] for _ in range(3)] == [11, 12, 13]
        tell(world.app, "prices", "3306", price=14)
        assert ear.wait("update")["data"]["price"] == 14


@pytest.mark.parametrize("after", ["", "x", "0123456789abcdef-1", "EPOCH-99999999", "EPOCH-x"])
def test_a_place_that_is_not_known_gets_a_snapshot_and_says_so(
    world: World, url: str, after: str
) -> None:
    with listening(url) as ear:
        epoch = ear.next()["epoch"]
        tell(world.app, "prices", "3375", price=20)
        after = after.replace("EPOCH", epoch)
        answer = ear.ask("resume", after=after, subscriptions=[{"channel": "prices"}])
        assert (answer["complete"], answer["snapshots"]) == (False, ["prices"])
        assert "process" in answer["reason"]
        assert ear.wait("snapshot")["rows"]


def test_what_is_no_longer_kept_is_made_up_for_by_a_snapshot(world: World, url: str) -> None:
    replay = world.app.state.streams.hub._replays["venues"]
    with listening(url) as ear:
        epoch = ear.next()["epoch"]
        ear.subscribe("venues")
        tell(world.app, "venues", "okx", n=0)
        last = ear.wait("update")["seq"]
        was, replay.most = replay.most, 2
        for n in range(1, 6):
            tell(world.app, "venues", "okx", n=n)
            ear.wait("update")
        replay.most = was
    with listening(url) as ear:
        ear.next()
        after = f"{epoch}-{last}"
        answer = ear.ask("resume", after=after, subscriptions=[{"channel": "venues"}])
        assert (answer["complete"], answer["reason"]) == (
            False,
            "More was sent since then than is kept.",
        )
        rows = {row["key"]: row["data"] for row in ear.wait("snapshot")["rows"]}
        assert rows["okx"] == {"n": 5}


def test_a_heartbeat_says_how_far_it_is_and_how_old_live_is(world: World, ear: Ear) -> None:
    tell(world.app, "prices", "3375", price=30)
    ear.subscribe("prices", "3375")
    streams = world.app.state.streams
    run_in_loop(world.app, streams.beat)
    while (beat := ear.read())["type"] != "heartbeat":
        pass
    assert beat["seq"] == streams.hub.seq
    assert beat["epoch"] == streams.hub.epoch
    assert beat["live_age_s"] >= 0


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"Origin": "http://evil.example"}, "", 403),
        ({"Origin": "null"}, "", 403),
        ({"x-api-key": "somebody"}, "", 401),
        ({}, "?key=ak_0123456789abcdef_" + "A" * 43, 401),
        ({}, "?channel=prices", 422),
        ({}, "?ticket=a&ticket=b", 422),
    ],
)
def test_a_handshake_that_may_not_be_is_refused_with_a_problem_document(
    url: str, headers: dict[str, str], query: str, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused, listening(url, query, additional_headers=headers):
        pass
    response = refused.value.response
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_a_foreign_host_is_refused(url: str) -> None:
    port = url.rpartition(":")[2]
    with socket.create_connection(("127.0.0.1", int(port)), timeout=60) as client:
        client.sendall(
            b"GET /v1/stream HTTP/1.1\r\nhost: evil.example\r\nupgrade: websocket\r\n"
            b"connection: upgrade\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
            b"sec-websocket-version: 13\r\n\r\n"
        )
        assert client.recv(65_536).startswith(b"HTTP/1.1 421 ")


def test_other_paths_have_no_socket(url: str) -> None:
    for path in ("/v1/tokens", "/nowhere", "/v1/stream/"):
        with pytest.raises(InvalidStatus), connect(url.replace("http", "ws") + path, proxy=None):
            pass


def test_a_page_of_our_own_may_listen(url: str) -> None:
    with listening(url, additional_headers={"Origin": url}) as ear:
        assert ear.next()["type"] == "welcome"
        assert ear.ask("auth", key="local")["type"] == "pong"


def test_a_connection_outlives_the_time_that_a_head_may_take(world: World) -> None:
    # Enough for a head also where the machine is busy.
    with serving(world.app, 1.5) as found, listening(found.url) as ear:
        ear.next()
        sleep(2.0)
        assert ear.ask("ping")["type"] == "pong"
