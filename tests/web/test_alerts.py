"""Rules of alerts in a real browser: from words and templates, tried, changed, judged."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.web.alerting import (
    HOSTILE,
    WORDS,
    Guest,
    find_region,
    keep_rule,
    make_event,
    receiving,
    write_rule,
)
from tests.web.axe import list_barriers
from tests.web.conftest import Complaints, Site
from tests.web.keyed import Visit, visit

from assay import alerts
from assay.accounts.types import Role
from assay.alerts.rules import Verdict

pytestmark = pytest.mark.slow


@pytest.fixture
def guest(browser: Browser, tmp_path: Path) -> Iterator[Guest]:
    with receiving(browser, tmp_path / "home") as guest:
        yield guest


@pytest.fixture
def stranger(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    with visit(browser, tmp_path / "home") as stranger:
        yield stranger


# --- from words and templates -------------------------------------------------------------------


def test_words_become_a_rule_that_is_tried(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/alerts")
    expect(page.get_by_text("There is no rule yet; write one above.")).to_be_visible()
    expect(page.get_by_text("Nothing has fired yet.")).to_be_visible()
    page.get_by_role("button", name="BTC falls by 5 % within 1 hour").click()
    expect(page.get_by_text("BTC price falls by 5 % within 1 hour.")).to_be_visible()
    page.get_by_role("button", name="Test it").click()
    expect(find_region(page, "Dry run")).to_contain_text("It would")
    page.get_by_text("How often, when quiet, until when").click()
    page.get_by_label("Quiet hours").check()
    page.get_by_text("What can be watched").click()
    expect(page.get_by_role("row", name="fear-and-greed index")).to_be_visible()
    assert not list_barriers(page)


def test_a_dry_run_shows_when_it_would_have_fired(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/alerts")
    write_rule(page, "BTC trader grade is above 0")
    page.get_by_label("On the last").select_option(label="30 days")
    page.get_by_role("button", name="Test it").click()
    trial = find_region(page, "Dry run")
    expect(trial).to_contain_text("It would have fired once")
    expect(trial.get_by_role("listitem").first).to_contain_text("BTC Trader Grade")
    expect(
        trial.get_by_role("img", name="Fired on 1 day (UTC), at most once a day.")
    ).to_be_visible()
    assert trial.locator("rect").count() == 1
    page.get_by_label("On the last").select_option(label="90 days")
    expect(trial).to_be_hidden()


def test_words_that_are_not_understood_are_answered_beside_them(
    page: Page, site: Site, complaints: Complaints
) -> None:
    page.goto(f"{site.url}/alerts")
    words = page.get_by_label("Tell me when")
    words.fill(f"BTC is lovely {HOSTILE}")
    page.get_by_role("button", name="Read it").click()
    refused = page.get_by_role("alert").filter(has_text="is not understood")
    expect(refused).to_contain_text("Such sentences are: BTC falls by 5 % within 1 hour")
    expect(words).to_have_attribute("aria-invalid", "true")
    expect(words).to_have_accessible_description(refused.inner_text())
    assert not list_barriers(page)
    words.fill("BTC")
    expect(refused).to_be_hidden()
    assert complaints.heard
    assert all("422" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()


def test_an_answer_to_an_older_sentence_is_dropped(page: Page, site: Site) -> None:
    held: list[Route] = []
    page.route("**/v1/alerts/words", lambda route: held.append(route))
    page.goto(f"{site.url}/alerts")
    words = page.get_by_label("Tell me when")
    words.fill("ETH price rises through 4,000")
    with page.expect_request("**/v1/alerts/words"):
        page.get_by_role("button", name="Read it").click()
    expect(page.get_by_role("button", name="BTC falls by 5 % within 1 hour")).to_be_disabled()
    words.fill(WORDS)
    with page.expect_response("**/v1/alerts/words"):
        held.pop().continue_()
    expect(page.get_by_role("button", name="Read it")).to_be_enabled()
    expect(page.get_by_role("button", name="Keep it")).to_have_count(0)
    page.unroute("**/v1/alerts/words")
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("Understood as:")).to_contain_text("binance")


def test_a_common_wish_is_filled_in(guest: Guest) -> None:
    page = guest.page
    guest.open()
    page.get_by_text("Or begin from a common wish").click()
    page.get_by_role("button", name="A price falls by some percent within an hour").click()
    token = page.get_by_role("textbox", name="token", exact=True)
    token.fill("NIX")
    page.get_by_role("button", name="Fill it in").click()
    expect(token).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert").filter(has_text="NIX")).to_be_visible()
    token.fill("ETH")
    page.get_by_label("percent", exact=True).fill("100")
    page.get_by_role("button", name="Fill it in").click()
    expect(page.get_by_label("percent", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("nothing falls by 100 % or more")).to_be_visible()
    assert not list_barriers(page)
    page.get_by_label("percent", exact=True).fill("8")
    page.get_by_role("button", name="Fill it in").click()
    expect(page.get_by_text("Understood as: ETH price falls by 8 % within 1 hour")).to_be_visible()
    expect(page.get_by_label("Severity")).to_have_value("warning")
    page.get_by_role("button", name="Keep it").click()
    expect(find_region(page, "Rules").get_by_role("listitem")).to_contain_text("warning")


def test_what_no_sentence_says_is_written_as_json(guest: Guest) -> None:
    page = guest.page
    guest.open()
    page.get_by_text("Or write it as JSON").click()
    text = page.get_by_label("The rule, or its condition alone")
    example = text.input_value()
    for wrong, why in (
        ("{", "That is no JSON."),
        ("[]", "A rule is an object."),
        (example.replace('"falls"', '"flies"'), "rule.when"),
    ):
        text.fill(wrong)
        page.get_by_role("button", name="Read the JSON").click()
        expect(page.get_by_role("alert").filter(has_text=why)).to_be_visible()
        expect(text).to_have_attribute("aria-invalid", "true")
    assert not list_barriers(page)
    text.fill(example)
    page.get_by_role("button", name="Read the JSON").click()
    words = "BTC price falls by 5 % within 1 hour and (BTC Trader Grade is below 40 or market"
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value(
        "BTC slides while the Trader Grade is low"
    )
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("link", name="See the rule").click()
    page.get_by_role("button", name="Change it", exact=True).click()
    page.get_by_text("How often, when quiet, until when").click()
    page.get_by_label("Note").fill("kept")
    page.get_by_role("button", name="Say it otherwise").click()
    page.get_by_text("Or write it as JSON").click()
    text.fill('{"metric": "venue", "subject": "kraken", "op": "changes"}')
    page.get_by_role("button", name="Read the JSON").click()
    expect(page.get_by_text("Understood as: Venue kraken changes.")).to_be_visible()
    page.get_by_role("button", name="Save it").click()
    rule = find_region(page, "Rule")
    expect(rule).to_contain_text("Venue kraken changes.")
    expect(rule).to_contain_text("kept")
    expect(rule.get_by_role("heading")).to_have_text("BTC slides while the Trader Grade is low")


# --- kept, changed, removed ---------------------------------------------------------------------


def test_a_rule_is_kept_paused_and_removed(guest: Guest) -> None:
    page = guest.page
    guest.add_channel(HOSTILE)
    guest.open()
    write_rule(page)
    page.get_by_label("Severity").select_option("critical")
    page.get_by_label("Fire once, then be over").check()
    page.get_by_label(HOSTILE).check()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("It is kept and watched from now on.")).to_be_visible()
    expect(page.get_by_label("Tell me when")).to_have_value("")
    rules = find_region(page, "Rules")
    expect(rules.get_by_role("listitem")).to_contain_text("watching · critical · has not fired")
    rules.get_by_role("button", name="Pause").click()
    expect(rules.get_by_role("listitem")).to_contain_text("paused")
    rules.get_by_role("button", name="Watch again").click()
    expect(rules.get_by_role("listitem")).to_contain_text("watching")
    assert not list_barriers(page)
    rules.get_by_role("button", name="Remove").click()
    expect(rules).to_contain_text("Its history goes with it.")
    page.keyboard.press("Escape")
    expect(rules).not_to_contain_text("Its history goes with it.")
    rules.get_by_role("button", name="Remove").click()
    rules.get_by_role("button", name="Remove for good").click()
    expect(rules).to_contain_text("There is no rule yet")


def test_a_double_click_removes_nothing(guest: Guest) -> None:
    page = guest.page
    rule_id = guest.add_rule()
    guest.open()
    rules = find_region(page, "Rules")
    rules.get_by_role("button", name="Remove").dblclick()
    expect(rules.get_by_role("button", name="Remove for good")).to_be_visible()
    expect(rules).to_contain_text("Its history goes with it.")
    address = f"{guest.site.url}/v1/alerts/rules/{rule_id}"
    assert page.request.get(address).status == 200
    rules.get_by_role("button", name="Remove for good").press("Enter")
    expect(rules).to_contain_text("There is no rule yet")


def test_a_rule_is_changed_in_all_that_it_has(guest: Guest) -> None:
    page = guest.page
    channel_id = guest.add_channel()
    rule_id = guest.add_rule()
    guest.open(f"/alerts/{rule_id}")
    page.get_by_role("button", name="Change it", exact=True).click()
    page.get_by_role("button", name="Say it otherwise").click()
    write_rule(page, "ETH price rises through 4,000")
    page.get_by_label("Name", exact=True).fill(HOSTILE)
    page.get_by_label("my server").check()
    page.get_by_text("How often, when quiet, until when").click()
    page.get_by_label("Silence after it fired").fill("90")
    page.get_by_label("Unit of the silence").select_option("minutes")
    page.get_by_label("Messages").select_option("daily")
    page.get_by_label("Watches until (UTC)").fill("2099-05-01T12:00")
    page.get_by_label("Quiet hours").check()
    page.get_by_label("From", exact=True).fill("21:30")
    page.get_by_label("What fires then").select_option("drop")
    page.get_by_label("Note").fill("look at the chart")
    page.get_by_label("Time zone").fill("Europe/Atlantis")
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_label("Time zone")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert").filter(has_text="Atlantis")).to_contain_text("Europe/Berlin")
    assert not list_barriers(page)
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_role("button", name="Save it").click()
    shown = find_region(page, "Rule")
    expect(shown).to_contain_text("At most once every 90 minutes.")
    expect(shown).to_contain_text("From 21:30 to 07:00 (Europe/Berlin) it is quiet")
    expect(shown.get_by_role("heading")).to_have_text(HOSTILE)
    kept = page.request.get(f"{guest.site.url}/v1/alerts/rules/{rule_id}").json()["data"]["rule"]
    when = kept.pop("when")
    assert (when["op"], when["symbol"], when["value"]) == ("crosses_above", "ETH", 4_000)
    assert kept == {
        "version": 1,
        "name": HOSTILE,
        "note": "look at the chart",
        "cooldown_s": 5_400,
        "quiet_hours": {"start": "21:30:00", "end": "07:00:00", "then": "drop"},
        "time_zone": "Europe/Berlin",
        "digest": "daily",
        "expires_at": "2099-05-01T12:00:00Z",
        "channels": [channel_id],
    }
    shown.get_by_role("button", name="Change it", exact=True).click()
    expect(page.get_by_label("Watches until (UTC)")).to_have_value("2099-05-01T12:00")
    expect(page.get_by_label("Unit of the silence")).to_have_value("60")


def test_quiet_hours_are_those_of_the_place(browser: Browser, site: Site) -> None:
    page = browser.new_page(timezone_id="Europe/Berlin")
    page.goto(f"{site.url}/alerts")
    write_rule(page)
    page.get_by_text("How often, when quiet, until when").click()
    page.get_by_label("Quiet hours").check()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    page.close()


def test_a_rule_that_is_not_there_is_said_so(guest: Guest) -> None:
    guest.open("/alerts/rul_0123456789abcdef")
    expect(guest.page.get_by_text("You have no rule 'rul_0123456789abcdef'.")).to_be_visible()
    assert not list_barriers(guest.page)


# --- what fired, and how good it was ------------------------------------------------------------


def test_the_history_says_what_fired_and_pages(guest: Guest) -> None:
    page = guest.page
    rule_id = guest.add_rule()
    for number in range(1, 31):
        guest.record(make_event(number, rule_id, guest.account.account_id, guest.site.clock.now()))
    guest.open()
    history = find_region(page, "History")
    first = history.get_by_role("listitem").first
    expect(first).to_contain_text(f"{HOSTILE} 30")
    expect(first).to_contain_text("replay")
    expect(first).to_contain_text("BTC price 41,000 USD against 42,000 USD")
    expect(history.get_by_role("listitem")).to_have_count(25)
    history.get_by_role("button", name="Older").click()
    expect(history.get_by_role("listitem")).to_have_count(5)
    expect(history.get_by_role("listitem").last).to_contain_text(f"{HOSTILE} 1")
    assert not list_barriers(page)
    history.get_by_role("button", name="Newest").click()
    expect(history.get_by_role("listitem")).to_have_count(25)
    first.get_by_role("link").click()
    expect(page).to_have_url(f"{guest.site.url}/alerts/{rule_id}")
    expect(find_region(page, "History").get_by_role("listitem")).to_have_count(25)


def test_a_rule_shows_how_good_it_was(guest: Guest) -> None:
    page = guest.page
    rule_id = guest.add_rule()
    verdicts = (Verdict.RIGHT, Verdict.RIGHT, Verdict.WRONG, Verdict.NOISE, None)
    for number, verdict in enumerate(verdicts, 1):
        event = make_event(
            number, rule_id, guest.account.account_id, guest.site.clock.now(), verdict
        )
        guest.record(event)
    guest.open(f"/alerts/{rule_id}")
    score = find_region(page, "Score")
    expect(score).to_contain_text("50.0 %")
    expect(score).to_contain_text("2 right, 1 wrong, 1 noise; by chance 30.9 % are right")
    expect(score).to_contain_text("5.0 a week")
    history = find_region(page, "History")
    expect(history).to_contain_text("turned out right: +2.0 % its way, noise up to 1.0 %")
    expect(history).to_contain_text("turned out wrong: −2.0 % its way")
    assert not list_barriers(page)


def test_what_came_of_everybodys_alerts_names_nobody(guest: Guest) -> None:
    page, site = guest.page, guest.site
    state = site.app.state
    guest.open()
    everybody = find_region(page, "Everybody’s alerts")
    expect(everybody).to_contain_text("No metric has alerts of 10 accounts yet.")
    when = {"metric": "price", "subject": "BTC", "op": "above", "value": 1}
    for number in range(10):
        account_id = site.create(f"user{number}@example.org").account_id
        rule = alerts.create_rule(state.database, site.clock, account_id, {"when": when}).rule
        verdict = Verdict.RIGHT if number < 6 else Verdict.WRONG
        guest.record(make_event(1, rule.rule_id, account_id, site.clock.now(), verdict))
    page.reload()
    cells = everybody.get_by_role("row").nth(1).get_by_role("cell")
    expect(cells).to_have_text(["price", "10", "10", "6", "4", "0", "60.0 %", "30.9 %"])
    assert not list_barriers(page)


# --- who may, and where -------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/alerts", "/alerts/channels", "/alerts/deliveries"])
def test_who_is_not_signed_in_is_told_where(stranger: Visit, path: str) -> None:
    stranger.open(path)
    expect(stranger.page.get_by_text("Alerts are private to their account.")).to_be_visible()
    assert not list_barriers(stranger.page)


def test_who_may_only_read_is_told_so(stranger: Visit) -> None:
    stranger.refused.append("status of 403")
    stranger.site.create(role=Role.READ_ONLY)
    stranger.sign_in()
    stranger.open("/alerts/channels")
    expect(stranger.page.get_by_text("This account may only read.")).to_be_visible()


def test_nothing_scrolls_sideways_on_a_phone(guest: Guest) -> None:
    page = guest.page
    page.set_viewport_size({"width": 390, "height": 800})
    channel_id = guest.add_channel("a" * 80)
    rule_id = guest.add_rule(channel_id, name="b" * 80)
    guest.record(make_event(1, rule_id, guest.account.account_id, guest.site.clock.now()))
    guest.open()
    keep_rule(page, WORDS)
    write_rule(page)
    page.get_by_text("How often, when quiet, until when").click()
    page.get_by_label("Quiet hours").check()
    page.get_by_text("Or begin from a common wish").click()
    page.get_by_text("What can be watched").click()
    page.get_by_role("button", name="A price goes above a value").click()
    is_narrow = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(is_narrow)
    guest.open(f"/alerts/{rule_id}")
    page.get_by_role("button", name="Change it", exact=True).click()
    expect(page.get_by_role("button", name="Save it")).to_be_visible()
    assert page.evaluate(is_narrow)
    guest.open("/alerts/channels")
    page.get_by_text("How addresses are written").click()
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_text("Delivered: it took the test message.")).to_be_visible()
    assert page.evaluate(is_narrow)
    guest.open("/alerts/deliveries")
    page.get_by_text("Message and tries").click()
    assert page.evaluate(is_narrow)
