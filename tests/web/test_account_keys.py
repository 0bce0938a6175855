"""The keys on the account page in a real browser: made, shown once, changed, rotated, revoked."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.web.axe import list_barriers
from tests.web.keyed import Visit, visit

from assay import accounts
from assay.accounts.types import Verb

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def guest(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    with visit(browser, tmp_path / "home") as guest:
        yield guest


def test_a_key_is_made_shown_once_rotated_and_revoked(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    guest.sign_in()
    first = guest.make_key(HOSTILE)
    assert guest.ask(first) == 200
    keys = page.get_by_role("region", name="Keys")
    expect(keys.get_by_text(HOSTILE, exact=True)).to_be_visible()
    assert not list_barriers(page)
    page.get_by_role("button", name=f"Rotate {HOSTILE}").click()
    page.get_by_role("button", name="Give it a new secret").click()
    expect(page.locator(".shown code")).not_to_have_text(first)
    second = page.locator(".shown code").inner_text()
    assert (guest.ask(first), guest.ask(second)) == (401, 200)
    page.reload()
    expect(page.get_by_role("button", name=f"Revoke {HOSTILE}")).to_be_visible()
    expect(page.get_by_text("Copy this key now.")).to_have_count(0)
    page.get_by_role("button", name=f"Revoke {HOSTILE}").click()
    page.get_by_role("button", name="Revoke it for good").click()
    expect(keys.get_by_text("There is no key yet.")).to_be_visible()
    assert guest.ask(second) == 401


def test_a_rotated_key_may_stand_for_a_while(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    guest.sign_in()
    first = guest.make_key("nightly")
    page.get_by_role("button", name="Rotate nightly").click()
    page.get_by_label("The old secret ends").select_option("in a day")
    page.get_by_role("button", name="Give it a new secret").click()
    expect(page.locator(".shown code")).not_to_have_text(first)
    second = page.locator(".shown code").inner_text()
    assert (guest.ask(first), guest.ask(second)) == (200, 200)
    guest.site.clock.wait(days=2)
    guest.wait_until_refused(first)
    assert guest.ask(second) == 200


def test_the_text_of_a_key_goes_with_it(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    guest.sign_in()
    first = guest.make_key("laptop")
    page.get_by_role("button", name="Rotate laptop").click()
    page.get_by_role("button", name="Give it a new secret").click()
    expect(page.locator(".shown code")).not_to_have_text(first)
    shown = page.locator(".shown code").inner_text()
    page.get_by_role("link", name="Developers", exact=True).click()
    expect(page.locator("pre")).to_contain_text(shown)
    page.get_by_role("link", name="Account", exact=True).click()
    expect(page.locator(".shown code")).to_have_text(shown)
    page.get_by_role("button", name="Revoke laptop").click()
    page.get_by_role("button", name="Revoke it for good").click()
    expect(page.get_by_text("There is no key yet.")).to_be_visible()
    expect(page.get_by_text("Copy this key now.")).to_have_count(0)
    page.get_by_role("link", name="Developers", exact=True).click()
    expect(page.get_by_role("button", name="Make a key")).to_be_visible()
    expect(page.locator("pre")).not_to_contain_text(shown)


def test_the_text_of_another_key_stays(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    guest.sign_in()
    old = guest.make_key("old")
    guest.make_key("new")
    expect(page.locator(".shown code")).not_to_have_text(old)
    text = page.locator(".shown code").inner_text()
    page.get_by_role("button", name="Revoke old").click()
    page.get_by_role("button", name="Revoke it for good").click()
    expect(page.get_by_role("button", name="Revoke old")).to_have_count(0)
    expect(page.locator(".shown code")).to_have_text(text)


def test_a_key_ends_at_any_moment(guest: Visit) -> None:
    page = guest.page
    account = guest.site.create()
    accounts.create_key(
        guest.site.app.state.database,
        guest.site.clock,
        account.account_id,
        name="nightly",
        scopes=frozenset({Verb.READ}),
        expires_at=datetime(2099, 5, 3, 13, 45, tzinfo=UTC),
    )
    guest.sign_in()
    keys = page.get_by_role("region", name="Keys")
    expect(keys).to_contain_text("ends 3 May 2099, 13:45 UTC")
    page.get_by_role("button", name="Change nightly").click()
    form = page.get_by_role("form", name="Change nightly")
    expect(form).to_contain_text("So far 3 May 2099, 13:45 UTC.")
    form.get_by_label("Name").fill("weekly")
    form.get_by_role("button", name="Save").click()
    expect(keys.get_by_text("weekly", exact=True)).to_be_visible()
    expect(keys).to_contain_text("ends 3 May 2099, 13:45 UTC")


def test_a_key_has_an_end_and_a_rate_that_can_be_changed(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    guest.sign_in()
    guest.make_key("laptop", Ends_on="2099-01-31", Requests_a_minute="30")
    keys = page.get_by_role("region", name="Keys")
    expect(keys).to_contain_text("ends 31 Jan 2099, 00:00 UTC · 30 requests a minute")
    page.get_by_role("button", name="Change laptop").click()
    form = page.get_by_role("form", name="Change laptop")
    expect(form.get_by_label("Ends on")).to_have_value("2099-01-31")
    assert not list_barriers(page)
    form.get_by_label("Name").fill("server")
    form.get_by_label("use own jobs").uncheck()
    form.get_by_label("Ends on").fill("")
    form.get_by_label("Requests a minute").fill("")
    form.get_by_role("button", name="Save").click()
    expect(keys).to_contain_text("may read · made")
    expect(keys).to_contain_text("does not end · rate of the plan")
    expect(keys.get_by_text("server", exact=True)).to_be_visible()


def test_a_key_that_would_have_ended_is_refused_in_words(guest: Visit) -> None:
    guest.site.create()
    guest.sign_in()
    guest.refused.append("status of 422")
    form = guest.page.get_by_role("form", name="New key")
    form.get_by_label("Name").fill("late")
    form.get_by_label("Ends on").fill("2001-01-01")
    with guest.page.expect_response(lambda told: told.request.method == "POST") as answer:
        form.get_by_role("button", name="Make a key").click()
    assert answer.value.status == 422
    expect(form).to_contain_text(str(answer.value.json()["detail"]).replace("`", ""))
