"""The account page in a real browser: signing up and in, what is changed, sessions, wallets,
taking one's data out, leaving.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account as Wallet
from eth_account.messages import encode_defunct
from playwright.sync_api import Browser, Locator, Page, expect
from tests.accounts.people import EMAIL, PASSWORD
from tests.web.axe import list_barriers
from tests.web.conftest import Site
from tests.web.keyed import Visit, visit

from assay import accounts
from assay.accounts.types import Role

pytestmark = pytest.mark.slow

WALLET = Wallet.from_key("0x" + "11" * 32)
HOSTILE = "<img src=x onerror=alert(1)>"
HOSTILE_EMAIL = "a&lt'onerror=alert`1`@example.org"
NEXT = "seven candles and a key"
FAKE_WALLET = """
window.ethereum = { request: async ({ method, params }) => {
  if (method === "eth_requestAccounts") return [ADDRESS];
  if (method === "eth_chainId") return "0x1";
  if (method === "personal_sign") return await window.signHex(params[0]);
  throw { code: 4200, message: method };
} };
"""


@pytest.fixture
def guest(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    with visit(browser, tmp_path / "home") as guest:
        yield guest


def lend_wallet(page: Page) -> None:
    """A wallet in the browser that signs really, as its holder would."""

    def sign(text: str) -> str:
        signed: str = WALLET.sign_message(encode_defunct(hexstr=text)).signature.to_0x_hex()
        return signed

    page.expose_function("signHex", sign)
    page.add_init_script(FAKE_WALLET.replace("ADDRESS", repr(WALLET.address.lower())))


def profile(page: Page) -> Locator:
    return page.get_by_role("region", name="Who is signed in")


def test_an_open_server_says_what_keyed_mode_is(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/account")
    expect(page.get_by_role("heading", name="Open local mode")).to_be_visible()
    expect(page.get_by_text("assay serve --keys")).to_be_visible()
    assert not list_barriers(page)


def test_signing_up_out_and_in_again(guest: Visit) -> None:
    page = guest.page
    guest.open("/account")
    page.get_by_role("button", name="Sign up").click()
    page.get_by_label("E-mail").fill("Ben@example.org")
    page.get_by_label("Password").fill("seven candles and a key")
    assert not list_barriers(page)
    page.get_by_role("button", name="Create the account").click()
    profile = page.get_by_role("region", name="Who is signed in")
    expect(profile).to_contain_text("Ben@example.org")
    expect(page.get_by_role("region", name="Usage")).to_contain_text("requests this month")
    page.reload()
    expect(profile).to_contain_text("Ben@example.org")
    assert not list_barriers(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("E-mail")).to_be_visible()
    page.reload()
    expect(page.get_by_label("E-mail")).to_be_visible()
    guest.sign_in("ben@example.org", "seven candles and a key")


def test_a_wrong_password_is_said_in_words(guest: Visit) -> None:
    page = guest.page
    guest.open("/account")
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_label("Password").fill("a wrong password")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert").filter(has_text="password")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_be_visible()


def test_sessions_elsewhere_are_ended(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    with guest.site.browser() as elsewhere:
        assert elsewhere.sign_in().status_code == 200
        guest.sign_in()
        sessions = page.get_by_role("region", name="Sessions")
        expect(sessions.get_by_role("listitem")).to_have_count(2)
        expect(sessions.get_by_text("This one")).to_have_count(1)
        sessions.get_by_role("button", name="End", exact=True).click()
        expect(sessions.get_by_role("listitem")).to_have_count(1)


def test_a_session_is_refreshed_when_its_cookie_is_old(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    guest.sign_in()
    page.evaluate("localStorage.setItem('assay-session', '1')")
    with page.expect_response("**/v1/session/refresh") as refreshed:
        page.reload()
    assert refreshed.value.status == 200
    expect(page.get_by_role("heading", name="Signed in")).to_be_visible()
    guest.make_key("after the refresh")


def test_pages_side_by_side_are_signed_out_together(guest: Visit) -> None:
    guest.site.create()
    guest.sign_in()
    other = guest.page.context.new_page()
    other.goto(f"{guest.site.url}/account")
    expect(other.get_by_role("heading", name="Signed in")).to_be_visible()
    guest.page.get_by_role("button", name="Sign out").click()
    expect(other.get_by_label("E-mail")).to_be_visible()


def test_a_wallet_signs_in(guest: Visit) -> None:
    page = guest.page

    lend_wallet(page)
    guest.open("/account")
    page.get_by_role("button", name="Sign in with a wallet").click()
    expect(profile(page)).to_contain_text(WALLET.address)
    page.get_by_role("button", name="Take off wallet").click()
    expect(profile(page)).to_contain_text("The wallet is the only way into this account.")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Your wallet is asked to sign")).to_be_visible()
    page.get_by_label("New password").fill(NEXT)
    page.get_by_role("button", name="Set the password").click()
    expect(profile(page).get_by_role("status")).to_contain_text("The password is changed")
    page.get_by_role("button", name="Take off wallet").click()
    page.get_by_label("Present password").fill(NEXT)
    page.get_by_role("button", name="Take the wallet off").click()
    expect(profile(page).get_by_role("status")).to_contain_text("The wallet is taken off")
    expect(profile(page)).not_to_contain_text(WALLET.address)


def test_a_wallet_that_says_no_signs_nobody_in(guest: Visit) -> None:
    page = guest.page
    page.add_init_script("window.ethereum = { request: async () => { throw { code: 4001 }; } };")
    guest.open("/account")
    page.get_by_role("button", name="Sign in with a wallet").click()
    expect(page.get_by_text("You declined in the wallet.")).to_be_visible()


def test_the_email_is_changed_and_hostile_ones_are_text(guest: Visit) -> None:
    page = guest.page
    guest.refused.append("status of 403")
    guest.site.create(HOSTILE_EMAIL)
    guest.sign_in(HOSTILE_EMAIL)
    expect(profile(page)).to_contain_text(HOSTILE_EMAIL)
    page.get_by_role("button", name="Change e-mail").click()
    form = page.get_by_role("form", name="Change the e-mail")
    form.get_by_label("New e-mail").fill("grace@example.org")
    form.get_by_label("Present password").fill("not the password")
    assert not list_barriers(page)
    form.get_by_role("button", name="Change the e-mail").click()
    expect(form.get_by_text("The present password is wrong.")).to_be_visible()
    form.get_by_label("Present password").fill(PASSWORD)
    form.get_by_role("button", name="Change the e-mail").click()
    expect(profile(page)).to_contain_text("grace@example.org")
    trail = page.get_by_role("region", name="What happened")
    expect(trail.get_by_role("row").nth(1)).to_contain_text("account email")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    guest.sign_in("grace@example.org")


def test_a_changed_password_ends_the_other_sessions(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    with guest.site.browser() as elsewhere:
        assert elsewhere.sign_in().status_code == 200
        guest.sign_in()
        sessions = page.get_by_role("region", name="Sessions")
        expect(sessions.get_by_role("listitem")).to_have_count(2)
        page.get_by_role("button", name="Change password").click()
        form = page.get_by_role("form", name="Change the password")
        form.get_by_label("Present password").fill(PASSWORD)
        guest.refused.append("status of 422")
        form.get_by_label("New password").fill("password12")
        form.get_by_role("button", name="Change the password").click()
        expect(form.get_by_role("alert").filter(has_text="guessed first")).to_be_visible()
        form.get_by_label("New password").fill(NEXT)
        form.get_by_role("button", name="Change the password").click()
        expect(profile(page).get_by_role("status")).to_contain_text("The password is changed")
        expect(sessions.get_by_role("listitem")).to_have_count(1)
        assert elsewhere.ask("GET", "/v1/session").status_code == 401
        assert elsewhere.sign_in(EMAIL, NEXT).status_code == 200


def test_a_wallet_is_linked_and_then_confirms_and_signs_in(guest: Visit) -> None:
    page = guest.page
    lend_wallet(page)
    guest.site.create()
    guest.sign_in()
    page.get_by_role("button", name="Link wallet").click()
    page.get_by_label("Present password").fill(PASSWORD)
    assert not list_barriers(page)
    page.get_by_role("button", name="Link the wallet").click()
    expect(profile(page)).to_contain_text(WALLET.address)
    page.get_by_role("button", name="Change e-mail").click()
    page.get_by_role("button", name="Confirm by wallet instead").click()
    page.get_by_label("New e-mail").fill("grace@example.org")
    page.get_by_role("button", name="Change the e-mail").click()
    expect(profile(page)).to_contain_text("grace@example.org")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a wallet").click()
    expect(profile(page)).to_contain_text("grace@example.org")


def test_ones_data_is_taken_out(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    guest.sign_in()
    guest.make_key("laptop")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download it").click()
    assert download.value.suggested_filename == "assay-account.json"
    document: dict[str, Any] = json.loads(Path(download.value.path()).read_bytes())
    assert document["account"]["email"] == EMAIL
    assert {"sessions", "audit", "jobs", "alerts"} <= set(document)


def test_the_account_is_deleted_after_a_proof(guest: Visit) -> None:
    page = guest.page
    guest.refused.append("status of 403")
    guest.site.create()
    guest.sign_in()
    key = guest.make_key("laptop")
    page.get_by_role("button", name="Delete the account …").click()
    form = page.get_by_role("form", name="Delete the account")
    expect(form).to_contain_text("Nothing brings it back.")
    assert not list_barriers(page)
    form.get_by_label("I know that it is gone for ever").check()
    form.get_by_label("Present password").fill("not the password")
    form.get_by_role("button", name="Delete the account for ever").click()
    expect(form.get_by_text("The present password is wrong.")).to_be_visible()
    form.get_by_label("Present password").fill(PASSWORD)
    form.get_by_role("button", name="Delete the account for ever").click()
    expect(
        page.get_by_text("The account and everything personal in it are deleted.")
    ).to_be_visible()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    guest.wait_until_refused(key)
    with guest.site.browser() as elsewhere:
        assert elsewhere.sign_in().status_code == 401


def test_that_an_account_is_deleted_is_not_said_of_the_next(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    guest.sign_in()
    page.get_by_role("button", name="Delete the account …").click()
    form = page.get_by_role("form", name="Delete the account")
    form.get_by_label("I know that it is gone for ever").check()
    form.get_by_label("Present password").fill(PASSWORD)
    form.get_by_role("button", name="Delete the account for ever").click()
    gone = page.get_by_text("The account and everything personal in it are deleted.")
    expect(gone).to_be_visible()
    page.get_by_role("button", name="Sign up").click()
    page.get_by_label("E-mail").fill("ben@example.org")
    page.get_by_label("Password").fill(NEXT)
    page.get_by_role("button", name="Create the account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("E-mail")).to_be_visible()
    expect(gone).to_have_count(0)


def test_a_wallets_account_is_deleted_by_a_signature(guest: Visit) -> None:
    page = guest.page
    lend_wallet(page)
    guest.open("/account")
    page.get_by_role("button", name="Sign in with a wallet").click()
    page.get_by_role("button", name="Delete the account …").click()
    form = page.get_by_role("form", name="Delete the account")
    form.get_by_label("I know that it is gone for ever").check()
    form.get_by_role("button", name="Delete the account for ever").click()
    expect(
        page.get_by_text("The account and everything personal in it are deleted.")
    ).to_be_visible()


def test_the_last_owner_cannot_leave(guest: Visit) -> None:
    page = guest.page
    guest.refused.append("status of 409")
    guest.site.create(role=Role.OWNER)
    guest.sign_in()
    page.get_by_role("button", name="Delete the account …").click()
    page.get_by_label("I know that it is gone for ever").check()
    page.get_by_label("Present password").fill(PASSWORD)
    with page.expect_response(lambda told: told.request.method == "DELETE") as answer:
        page.get_by_role("button", name="Delete the account for ever").click()
    assert answer.value.status == 409
    expect(page.get_by_text(str(answer.value.json()["detail"]))).to_be_visible()


def test_a_forgotten_password_is_set_anew_by_a_token(guest: Visit) -> None:
    page = guest.page
    account = guest.site.create()
    guest.open("/account")
    page.get_by_role("link", name="I forgot my password").click()
    expect(page).to_have_url(f"{guest.site.url}/account/reset")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_role("button", name="Ask the owner").click()
    expect(page.get_by_text("no mail is sent.")).to_be_visible()
    assert not list_barriers(page)
    form = page.get_by_role("form", name="Set a new password")
    form.get_by_label("Token").fill("not a token")
    form.get_by_label("New password").fill(NEXT)
    with page.expect_response("**/v1/session/reset") as refused:
        form.get_by_role("button", name="Set it and sign in").click()
    expect(form.get_by_text(str(refused.value.json()["detail"]))).to_be_visible()
    site = guest.site
    made = accounts.create_reset(site.app.state.database, site.clock, account.account_id)
    form.get_by_label("Token").fill(f" {made.token} ")
    form.get_by_role("button", name="Set it and sign in").click()
    expect(profile(page)).to_contain_text(EMAIL)
    expect(page).to_have_url(f"{guest.site.url}/account")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    guest.sign_in(EMAIL, NEXT)


def test_a_read_only_account_is_told_who_changes_it(guest: Visit) -> None:
    guest.site.create(role=Role.READ_ONLY)
    guest.sign_in()
    expect(guest.page.get_by_text("A read-only account reads what is published")).to_be_visible()
    expect(profile(guest.page).get_by_role("button")).to_have_text(["Sign out"])
    assert not list_barriers(guest.page)


def test_an_unknown_page_of_the_account_leads_back(guest: Visit) -> None:
    guest.open("/account/nonsense")
    expect(guest.page.get_by_text("The account has no such page.")).to_be_visible()


def test_nothing_scrolls_sideways_on_a_phone(guest: Visit) -> None:
    page = guest.page
    page.set_viewport_size({"width": 390, "height": 800})
    guest.site.create()
    guest.sign_in()
    guest.make_key("laptop")
    for name in ("Change password", "Delete the account …", "Change laptop"):
        page.get_by_role("button", name=name).click()
    expect(page.get_by_role("region", name="Sessions").get_by_role("listitem")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    guest.open("/account/reset")
    expect(page.get_by_label("Token", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
