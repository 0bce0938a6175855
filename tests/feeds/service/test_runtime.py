"""The feed in its own thread: begun, asked, measured, ended."""

import asyncio
import threading
from datetime import datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.feeds.service.fakes import make_registry

from assay.feeds import Options, Runtime, Wish
from assay.feeds.service.own_time import OwnTime
from assay.feeds.service.quarantine import SAMPLE_BYTES, SAMPLES, Quarantine
from assay.feeds.service.snapshots import Pace
from assay.feeds.types import VenueState
from assay.kit.bus import MemoryBus
from assay.kit.clock import SystemClock
from assay.kit.telemetry import expose

NOWHERE = "http://127.0.0.1:9"
QUICK = Options(first_pause_s=0.01, longest_pause_s=0.05)


def make_runtime(*wishes: Wish) -> Runtime:
    return Runtime(wishes, make_registry("BTC"), MemoryBus(), SystemClock(), QUICK)


def test_a_venue_that_is_not_there_does_not_keep_it_from_running() -> None:
    runtime = make_runtime(Wish("east", "binance", ("BTC/USDT",), NOWHERE))
    runtime.start()
    runtime.start()
    assert [one for one in threading.enumerate() if one.name == "assay-feeds"]
    health = runtime.list_health()[0]
    assert health.venue == "east"
    assert health.state in (VenueState.CONNECTING, VenueState.DOWN)
    assert runtime.list_quarantine() == []
    runtime.stop()
    assert not [one for one in threading.enumerate() if one.name.startswith("assay-feeds")]


def test_its_figures_are_named_by_venue() -> None:
    runtime = make_runtime(
        Wish("east", "binance", ("BTC/USDT",), NOWHERE), Wish("west", "kraken", (), NOWHERE)
    )
    runtime.start()
    text, _ = expose([runtime.expose], "text/plain")
    runtime.stop()
    families = {one.name: one for one in text_string_to_metric_families(text.decode())}
    venues = {sample.labels["venue"] for sample in families["assay_feed_up"].samples}
    assert venues == {"east", "west"}
    assert "assay_feed_messages" in families
    assert list(runtime.expose()) == []


def test_nothing_is_asked_of_a_feed_that_does_not_run() -> None:
    with pytest.raises(RuntimeError, match="does not run"):
        make_runtime().list_health()


def test_without_venues_it_runs_and_tells_nothing() -> None:
    runtime = make_runtime()
    runtime.start()
    assert runtime.list_health() == []
    runtime.stop()


def test_the_loop_that_asks_is_not_the_loop_that_feeds() -> None:
    runtime = make_runtime()
    runtime.start()
    thread = runtime.ask(lambda _: threading.current_thread().name)
    runtime.stop()
    assert thread == "assay-feeds"
    assert threading.current_thread().name != thread


def test_samples_are_few_short_and_without_secrets() -> None:
    quarantine = Quarantine("east")
    quarantine.put("rubbish", b'{"api_key":"abcdef0123456789"}', 1)
    assert "abcdef0123456789" not in quarantine.list_samples()[0].text
    for number in range(3 * SAMPLES):
        quarantine.put(f"reason {number}", b"x" * 10_000, number)
    samples = quarantine.list_samples()
    assert len(samples) == SAMPLES
    assert max(len(one.text) for one in samples) == SAMPLE_BYTES
    assert samples[-1].reason == f"reason {3 * SAMPLES - 1}"
    assert quarantine.count == 1 + 3 * SAMPLES
    # A venue's words do not make figures without end.
    assert len(quarantine.reasons) <= 51
    assert sum(quarantine.reasons.values()) == quarantine.count


def test_snapshots_are_paced_by_the_minute() -> None:
    now = [0.0]
    pace = Pace(60.0, lambda: now[0])
    assert [pace.take() for _ in range(15)] == [0.0] * 15
    assert [round(pace.take(), 6) for _ in range(3)] == [1.0, 2.0, 3.0]
    now[0] += 60.0
    assert [pace.take() for _ in range(12)] == [0.0] * 12


class JumpingClock(SystemClock):
    """The machine's clock, put right by as much as a test says."""

    jump = timedelta()

    def now(self) -> datetime:
        return super().now() + self.jump


def test_ages_are_not_moved_by_the_clock() -> None:
    clock = JumpingClock()
    own_time = OwnTime(clock)
    steady_ms, wall_ms = own_time.steady_ms(), own_time.wall_ms()
    clock.jump = timedelta(hours=-1)
    own_time.refresh()
    assert 0 <= own_time.steady_ms() - steady_ms < 1_800_000
    assert own_time.wall_ms() - wall_ms < -1_800_000


def test_it_can_be_started_beside_a_running_loop() -> None:
    async def main() -> None:
        runtime = make_runtime()
        runtime.start()
        await asyncio.to_thread(runtime.stop)
        assert not runtime.is_running

    asyncio.run(main())
