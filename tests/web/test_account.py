"""The account page in a real browser: signing up and in, keys, usage, sessions, wallets."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from eth_account import Account as Wallet
from eth_account.messages import encode_defunct
from playwright.sync_api import Browser, Page, expect
from tests.web.axe import list_barriers
from tests.web.conftest import Site
from tests.web.keyed import Visit, visit

pytestmark = pytest.mark.slow

WALLET = Wallet.from_key("0x" + "11" * 32)
HOSTILE = "<img src=x onerror=alert(1)>"
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


def make_key(page: Page, name: str) -> str:
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_text("Copy this key now.")).to_be_visible()
    return page.locator(".shown code").inner_text()


def ask(guest: Visit, key: str) -> int:
    path = "/v1/tokens?limit=1"
    return httpx.get(guest.site.url + path, headers={"x-api-key": key}).status_code


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
    expect(page.get_by_role("alert")).to_contain_text("password")
    expect(page.get_by_label("E-mail")).to_be_visible()


def test_a_key_is_made_shown_once_rotated_and_revoked(guest: Visit) -> None:
    page = guest.page
    guest.site.create()
    guest.sign_in()
    first = make_key(page, HOSTILE)
    assert ask(guest, first) == 200
    keys = page.get_by_role("region", name="Keys")
    expect(keys.get_by_text(HOSTILE, exact=True)).to_be_visible()
    page.get_by_role("button", name=f"Rotate {HOSTILE}").click()
    expect(page.locator(".shown code")).not_to_have_text(first)
    second = page.locator(".shown code").inner_text()
    assert ask(guest, second) == 200
    page.reload()
    revoke = page.get_by_role("button", name=f"Revoke {HOSTILE}", exact=True)
    expect(revoke).to_be_visible()
    expect(page.get_by_text("Copy this key now.")).to_have_count(0)
    revoke.click()
    page.get_by_role("button", name=f"Revoke {HOSTILE} for good").click()
    expect(keys.get_by_text("There is no key yet.")).to_be_visible()


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
    make_key(page, "after the refresh")


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

    def sign(text: str) -> str:
        message = encode_defunct(hexstr=text)
        signed: str = WALLET.sign_message(message).signature.to_0x_hex()
        return signed

    page.expose_function("signHex", sign)
    page.add_init_script(FAKE_WALLET.replace("ADDRESS", repr(WALLET.address.lower())))
    guest.open("/account")
    page.get_by_role("button", name="Sign in with a wallet").click()
    expect(page.get_by_role("region", name="Who is signed in")).to_contain_text(WALLET.address)


def test_a_wallet_that_says_no_signs_nobody_in(guest: Visit) -> None:
    page = guest.page
    page.add_init_script("window.ethereum = { request: async () => { throw { code: 4001 }; } };")
    guest.open("/account")
    page.get_by_role("button", name="Sign in with a wallet").click()
    expect(page.get_by_role("alert")).to_contain_text("You declined in the wallet.")


def test_nothing_scrolls_sideways_on_a_phone(guest: Visit) -> None:
    page = guest.page
    page.set_viewport_size({"width": 390, "height": 800})
    guest.site.create()
    guest.sign_in()
    expect(page.get_by_role("region", name="Sessions").get_by_role("listitem")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
