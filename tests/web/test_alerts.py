"""The alerts page in a real browser: a rule from words, its dry run, the list, the history."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.accounts.people import EMAIL
from tests.web.axe import list_barriers
from tests.web.conftest import Site
from tests.web.keyed import Visit, visit

from assay.alerts.rules import Event, Evidence, Severity, Told
from assay.alerts.store import events

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=alert(1)>"
WORDS = "venue binance is down"


@pytest.fixture
def guest(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    with visit(browser, tmp_path / "home") as guest:
        yield guest


def write_rule(page: Page, words: str = WORDS) -> None:
    page.get_by_label("Tell me when").fill(words)
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("Understood as:")).to_be_visible()


def keep_rule(page: Page, words: str = WORDS) -> None:
    write_rule(page, words)
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("It is kept and watched from now on.")).to_be_visible()


def make_event(number: int, rule_id: str, account_id: str, at: datetime) -> Event:
    reading = Evidence("venue", "binance", "", "down", at, "feeds", is_replay=number % 2 == 0)
    return Event(
        sequence=0,
        event_id=f"evt_{number}",
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
        direction=0,
        horizon_s=0,
    )


def test_words_become_a_rule_that_is_tried(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/alerts")
    expect(page.get_by_text("There is no rule yet; write one above.")).to_be_visible()
    expect(page.get_by_text("Nothing has fired yet.")).to_be_visible()
    page.get_by_role("button", name="BTC falls by 5 % within 1 hour").click()
    expect(page.get_by_text("BTC price falls by 5 % within 1 hour.")).to_be_visible()
    page.get_by_role("button", name="Test it").click()
    expect(page.get_by_role("status", name="Dry run")).to_contain_text("It would")
    assert not list_barriers(page)


def test_a_dry_run_lists_when_it_would_have_fired(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/alerts")
    write_rule(page, "BTC trader grade is above 0")
    page.get_by_label("On the last").select_option(label="30 days")
    page.get_by_role("button", name="Test it").click()
    trial = page.get_by_role("status", name="Dry run")
    expect(trial).to_contain_text("It would have fired")
    expect(trial.get_by_role("listitem").first).to_contain_text("BTC grade.trader")


def test_a_rule_is_kept_paused_and_removed(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    guest.sign_in()
    guest.open("/alerts")
    write_rule(page)
    page.get_by_label("Severity").select_option("critical")
    page.get_by_label("Fire once, then be over").check()
    page.get_by_role("button", name="Keep it").click()
    rules = page.get_by_role("region", name="Rules")
    expect(rules.get_by_role("listitem")).to_contain_text("watching · critical · has not fired")
    rules.get_by_role("button", name="Pause").click()
    expect(rules.get_by_role("listitem")).to_contain_text("paused")
    rules.get_by_role("button", name="Watch again").click()
    expect(rules.get_by_role("listitem")).to_contain_text("watching")
    assert not list_barriers(page)
    rules.get_by_role("button", name="Remove").click()
    rules.get_by_role("button", name="Remove for good").click()
    expect(rules).to_contain_text("There is no rule yet")


def test_the_history_says_what_fired_and_pages(guest: Visit) -> None:
    page = guest.page
    account = guest.site.create(EMAIL)
    guest.sign_in()
    guest.open("/alerts")
    keep_rule(page)
    answer = page.request.get(f"{guest.site.url}/v1/alerts/rules")
    rule_id = str(answer.json()["data"][0]["rule_id"])
    with guest.site.app.state.database.write() as connection:
        for number in range(1, 31):
            event = make_event(number, rule_id, account.account_id, guest.site.clock.now())
            events.insert_event(connection, event, None, None)
    page.get_by_role("button", name="History of").click()
    page.reload()
    history = page.get_by_role("region", name="History")
    expect(history).to_contain_text("of one rule")
    first = history.get_by_role("listitem").first
    expect(first).to_contain_text(f"{HOSTILE} 30")
    expect(first).to_contain_text("replay")
    expect(first).to_contain_text("binance venue down")
    expect(history.get_by_role("listitem")).to_have_count(25)
    history.get_by_role("button", name="Older").click()
    expect(history.get_by_role("listitem")).to_have_count(5)
    expect(history.get_by_role("listitem").last).to_contain_text(f"{HOSTILE} 1")
    assert not list_barriers(page)
    history.get_by_role("button", name="Newest").click()
    expect(history.get_by_role("listitem")).to_have_count(25)


def test_who_is_not_signed_in_is_told_where(guest: Visit) -> None:
    guest.open("/alerts")
    expect(guest.page.get_by_text("Alerts are private to their account.")).to_be_visible()


def test_nothing_scrolls_sideways_on_a_phone(guest: Visit) -> None:
    page = guest.page
    page.set_viewport_size({"width": 390, "height": 800})
    guest.site.create()
    guest.sign_in()
    guest.open("/alerts")
    keep_rule(page)
    write_rule(page)
    expect(page.get_by_role("region", name="Rules").get_by_role("listitem")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
