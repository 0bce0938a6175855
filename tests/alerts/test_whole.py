"""From what a feed says to what a receiver takes: the watch and the deliverer together."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from tests.alerts.office import ME, Office, open_office
from tests.alerts.receivers import open_sink, wait_until

from assay import alerts
from assay.alerts.types import DeliveryState
from assay.feeds.types import pack_update
from assay.kit.bus import LIVE, MemoryBus
from assay.kit.home import Home

pytestmark = pytest.mark.slow


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = open_office(Home(tmp_path))
    yield office
    office.database.close()


def test_a_venue_that_goes_down_is_told_once(office: Office) -> None:
    bus = MemoryBus()
    with open_sink() as sink, office.delivering() as deliverer:
        channel_id = office.add(sink.url)
        rule = alerts.create_rule(
            office.database,
            office.clock,
            ME,
            {
                "when": {
                    "metric": "venue",
                    "subject": "binance",
                    "op": "one_of",
                    "values": ["down"],
                },
                "channels": [channel_id],
            },
        ).rule
        watch = alerts.Watch(office.database, office.clock, bus, on_due=deliverer.wake)
        watch.start()

        def say(state: str) -> None:
            at_ms = int(office.clock.now().timestamp() * 1000)
            news = {"venue": "binance", "state": state, "last_message_ms": at_ms, "reason": ""}
            bus.publish(LIVE, pack_update("venues", "binance", orjson.dumps(news)))

        def is_told() -> bool:
            # Feeds repeat themselves, too: whoever began to listen late hears it then.
            say("down")
            return bool(sink.taken)

        try:
            say("live")
            wait_until(is_told)
            office.wait_for(DeliveryState.DELIVERED, 1)
            say("down")
        finally:
            watch.stop()
        (event,) = alerts.list_events(office.database, ME)
        assert event.rule_id == rule.rule_id
        assert sink.ids == [event.message_id]
        assert event.message_id is not None
        (delivery,) = alerts.list_deliveries_of(office.database, ME, [event.message_id])
        assert delivery.message.title == event.title
        assert orjson.loads(sink.taken[0].body)["data"]["title"] == event.title
        assert "binance" in event.title.lower()
