"""What is live beside a server: a replayed venue's prices arrive, a rule fires, its message too."""

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.serving import running
from tests.api.world import FakeGrades, FakeMarkets

from assay.api import create_app
from assay.cli.live import Feeding, LiveParts, open_live
from assay.exchange import ReplayServer
from assay.kit.bus import MemoryBus
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.errors import BadInput, Busy
from assay.kit.home import Home
from assay.kit.leases import Lease
from assay.kit.settings import Settings

PATIENCE_S = 120.0


def wait(is_so: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE_S
    while not (found := is_so()):
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)
    return found


class FakeRuntime:
    """Counts how many run at a time."""

    def __init__(self, log: list[str], failures: int = 0) -> None:
        self.log = log
        self.is_running = False
        self.failures = failures

    def start(self) -> None:
        self.log.append("start")
        if self.log.count("start") <= self.failures:
            raise BadInput("There is no such venue.")
        self.is_running = True

    def stop(self) -> None:
        self.log.append("stop")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(Home(tmp_path / "home").create())
    yield made
    made.close()


def test_on_a_shared_bus_one_process_feeds_and_another_goes_on(database: Database) -> None:
    logs: list[list[str]] = [[], []]

    def make(log: list[str]) -> Feeding:
        lease = Lease(database, SystemClock(), "feeds", 600.0)
        return Feeding(lease, lambda: FakeRuntime(log), renew_s=0.02)  # type: ignore[arg-type, return-value]

    first, second = (make(log) for log in logs)
    first.start()
    wait(lambda: logs[0])
    # However long the other waits: it does not get its turn.
    asked: list[bool] = []
    hold = second._lease.hold  # type: ignore[union-attr]
    second._lease.hold = lambda: asked.append(hold()) or asked[-1]  # type: ignore[union-attr, func-returns-value, method-assign]
    second.start()
    wait(lambda: len(asked) >= 3)
    assert logs == [["start"], []]
    first.stop()
    wait(lambda: logs[1])
    second.stop()
    assert logs == [["start", "stop"], ["start", "stop"]]


def test_feeds_that_ended_or_could_not_begin_begin_anew() -> None:
    log: list[str] = []
    made: list[FakeRuntime] = []

    def make() -> FakeRuntime:
        made.append(FakeRuntime(log, failures=2))
        return made[-1]

    feeding = Feeding(None, make, renew_s=0.005)  # type: ignore[arg-type]
    feeding.start()
    wait(lambda: log == ["start"] * 3)
    wait(lambda: made[-1].is_running)
    made[-1].is_running = False
    wait(lambda: log == [*["start"] * 3, "stop", "start"])
    feeding.stop()
    assert log[-2:] == ["start", "stop"]


class Gone(Lease):
    """A lease whose database goes away."""

    is_away = False

    def hold(self) -> bool:
        if self.is_away:
            raise Busy("The database is away.")
        return super().hold()

    def let_go(self) -> None:
        raise Busy("The database is away.")


def test_a_database_that_is_away_ends_no_feeds_but_they_end_when_told(database: Database) -> None:
    log: list[str] = []
    lease = Gone(database, SystemClock(), "feeds", 600.0)
    feeding = Feeding(lease, lambda: FakeRuntime(log), renew_s=0.005)  # type: ignore[arg-type, return-value]
    feeding.start()
    wait(lambda: log)
    lease.is_away = True
    feeding.stop()
    assert log == ["start", "stop"]


def test_feeds_that_cannot_be_understood_are_refused_at_once(
    tmp_path: Path, database: Database
) -> None:
    settings = Settings(home=tmp_path / "home", feeds="binance=BTCUSDT")
    with pytest.raises(BadInput, match="BTCUSDT"):
        LiveParts(database.home, settings, database, SystemClock(), MemoryBus())


class Sink(http.server.BaseHTTPRequestHandler):
    """Takes webhooks."""

    heard: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.heard.append(self.headers["webhook-id"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def sink() -> Iterator[tuple[str, list[str]]]:
    heard: list[str] = []
    handler = type("OneSink", (Sink,), {"heard": heard})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", heard
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
def test_a_price_arrives_a_rule_fires_and_its_message_is_delivered(
    tmp_path: Path, sink: tuple[str, list[str]]
) -> None:
    url, heard = sink
    with ReplayServer(speed=5.0, pairs=["BTCUSDT"]) as venue:
        home = Home(tmp_path / "home").create()
        settings = Settings(
            home=home.path,
            feeds="binance=BTC/USDT",
            feed_urls=f"binance={venue.url}",
            alert_networks="127.0.0.0/8",
        )
        app = create_app(
            home,
            SystemClock(),
            settings,
            grades=FakeGrades(),
            markets=FakeMarkets(),
            companions=[open_live],
        )
        with running(app) as base, httpx.Client(base_url=base, timeout=60.0) as client:
            (price,) = wait(
                lambda: [row for row in client.get("/v1/prices").json()["data"] if row["price"]]
            )
            assert (price["symbol"], price["currency"], price["is_replay"]) == ("BTC", "USDT", True)
            assert [each["venue"] for each in price["contributions"]] == ["binance"]
            assert "replay" in client.get("/v1/venues").json()["notice"]
            channel = client.post("/v1/alerts/channels", json={"name": "sink", "url": url})
            assert channel.status_code == 201, channel.text
            rule = {
                "name": "Bitcoin has a price",
                "when": {"metric": "price", "subject": "BTC", "op": "above", "value": 1},
                "repeat": False,
                "channels": [channel.json()["data"]["channel_id"]],
            }
            made = client.post("/v1/alerts/rules", json=rule)
            assert made.status_code == 201, made.text
            wait(lambda: heard)
            (event,) = client.get("/v1/alerts/events").json()["data"]
            assert event["rule_id"] == made.json()["data"]["rule_id"]
            assert heard == [event["message_id"]]
