"""Somebody with rules and channels of their own, a receiver, and the things that send to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from playwright.sync_api import Browser, Locator, Page, expect
from tests.accounts.people import EMAIL
from tests.alerts.office import NETWORKS
from tests.alerts.receivers import Sink, open_sink
from tests.api.people import Site
from tests.web.keyed import Visit, visit

from assay import alerts
from assay.accounts.types import Account
from assay.alerts.rules import Event, Evidence, Severity, Told, Verdict
from assay.alerts.store import events
from assay.feeds.types import pack_update
from assay.kit.bus import LIVE
from assay.kit.clock import SystemClock

HOSTILE = "<img src=x onerror=alert(1)>"
WORDS = "venue binance is down"


@dataclass
class Guest:
    """Signed in with an account of their own, on a server that may send to this machine."""

    visit: Visit
    account: Account
    sink: Sink

    @property
    def page(self) -> Page:
        return self.visit.page

    @property
    def site(self) -> Site:
        return self.visit.site

    def open(self, path: str = "/alerts") -> None:
        self.visit.open(path)

    def add_channel(self, name: str = "my server") -> str:
        """A channel to the sink; its id."""
        state = self.site.app.state
        made = alerts.create_channel(
            state.database, self.site.clock, state.settings, self.account.account_id, name,
            self.sink.url,
        )  # fmt: skip
        return made.channel.channel_id

    def add_rule(self, *channels: str, **fields: object) -> str:
        """A rule of the account; its id."""
        when = {"metric": "venue", "subject": "binance", "op": "one_of", "values": ["down"]}
        document = {"when": when, "channels": list(channels), **fields}
        state = self.site.app.state
        made = alerts.create_rule(
            state.database, self.site.clock, self.account.account_id, document
        )
        return made.rule.rule_id

    def record(self, event: Event) -> None:
        """An event as if a rule had fired it."""
        with self.site.app.state.database.write() as connection:
            sequence = events.insert_event(connection, event, None, None)
            if event.verdict is not None:
                events.save_verdict(
                    connection, sequence, event.verdict, event.outcome, event.band, None
                )

    def say(self, state: str) -> None:
        """What the feed of a venue says of it now."""
        news = {
            "venue": "binance",
            "state": state,
            "last_message_ms": int(SystemClock().now().timestamp() * 1000),
        }
        payload = orjson.dumps({**news, "reason": ""})
        self.site.app.state.bus.publish(LIVE, pack_update("venues", "binance", payload))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Rules are watched and messages sent, as a server does."""
        state = self.site.app.state
        deliverer = alerts.Deliverer(state.database, state.settings, self.site.clock)
        watch = alerts.Watch(state.database, self.site.clock, state.bus, on_due=deliverer.wake)
        deliverer.start()
        watch.start()
        try:
            yield
        finally:
            watch.stop()
            deliverer.stop()


@contextmanager
def receiving(browser: Browser, path: Path) -> Iterator[Guest]:
    """A guest who is signed in, and who asks for what is refused as bad or too much."""
    with open_sink() as sink, visit(browser, path, alert_networks=NETWORKS) as visitor:
        visitor.refused += [f"status of {status}" for status in (404, 409, 422, 429, 503)]
        account = visitor.site.create(EMAIL)
        visitor.sign_in()
        yield Guest(visitor, account, sink)


def find_region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def write_rule(page: Page, words: str = WORDS) -> None:
    """Write a rule as a sentence and let it be read."""
    page.get_by_label("Tell me when").fill(words)
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("Understood as:")).to_be_visible()


def keep_rule(page: Page, words: str = WORDS) -> None:
    """Write a rule and keep it."""
    write_rule(page, words)
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("It is kept and watched from now on.")).to_be_visible()


def make_event(
    number: int, rule_id: str, account_id: str, at: datetime, verdict: Verdict | None = None
) -> Event:
    """A firing on a price, perhaps judged: 2 % its way or back, noise up to 1 %."""
    reading = Evidence("price", "3375", "BTC", 41_000.0, at, "feeds", number % 2 == 0, 42_000.0)
    return Event(
        sequence=0,
        event_id=f"evt_{account_id}_{number}",
        rule_id=rule_id,
        account_id=account_id,
        number=number,
        fired_at=at,
        recorded_at=at,
        title=f"{HOSTILE} {number}",
        body="Text",
        severity=Severity.WARNING,
        evidence=[reading],
        told=Told.NOWHERE,
        message_id=None,
        direction=1,
        horizon_s=86_400,
        verdict=verdict,
        outcome=None if verdict is None else -0.0198 if verdict is Verdict.WRONG else 0.0198,
        band=None if verdict is None else 0.00995,
    )
