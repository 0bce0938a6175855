"""Two processes over one database: who signs in at one is known at the other, who is ended, too."""

import sys
import time
from collections.abc import Callable, Iterator

import pytest
from tests.accounts.people import EMAIL, PASSWORD
from tests.api.people import Browser, Site, open_site

from assay import accounts
from assay.accounts.types import Account, Role
from assay.kit.home import Home

pytestmark = pytest.mark.slow

Ending = Callable[[Site, Browser, Account], None]
PATIENCE_S = 30.0


@pytest.fixture
def sites(each_home: Home) -> Iterator[tuple[Site, Site]]:
    with open_site(each_home) as here, open_site(each_home) as there:
        yield here, there


def sign_out(site: Site, browser: Browser, account: Account) -> None:
    assert browser.ask("DELETE", "/v1/session").status_code == 204


def reuse(site: Site, browser: Browser, account: Account) -> None:
    spent = {"cookie": f"assay_refresh={browser.cookie('assay_refresh')}"}
    assert browser.ask("POST", "/v1/session/refresh").status_code == 200
    with site.browser() as thief:
        assert thief.ask("POST", "/v1/session/refresh", headers=spent).status_code == 401


def disable(site: Site, browser: Browser, account: Account) -> None:
    database = site.app.state.database
    accounts.change_account(database, site.clock, account.account_id, is_disabled=True)


def delete(site: Site, browser: Browser, account: Account) -> None:
    answer = browser.ask("DELETE", "/v1/account", {"password": PASSWORD})
    assert answer.status_code == 204


def test_what_ends_at_one_ends_at_the_other_within_a_second(sites: tuple[Site, Site]) -> None:
    for end in (sign_out, reuse, disable, delete):
        check_ending(*sites, end)


def check_ending(here: Site, there: Site, end: Ending) -> None:
    email = f"{end.__name__}@example.org"
    account = here.create(email)
    key = {"x-api-key": here.create_key(account)}
    with here.browser() as browser, there.browser() as elsewhere:
        assert browser.sign_in(email).status_code == 200
        cookie = {"cookie": f"assay_session={browser.cookie('assay_session')}"}
        for headers in (cookie, key):
            assert elsewhere.ask("GET", "/v1/account", headers=headers).status_code == 200
        end(here, browser, account)
        ended = time.monotonic()
        while elsewhere.ask("GET", "/v1/account", headers=cookie).status_code != 401:
            assert time.monotonic() - ended < PATIENCE_S
            time.sleep(0.02)
        took_s = time.monotonic() - ended
        sys.stdout.write(f"{end.__name__}: refused elsewhere after {took_s:.2f} s\n")
        is_account_gone = end in (disable, delete)
        answer = elsewhere.ask("GET", "/v1/account", headers=key)
        assert answer.status_code == (401 if is_account_gone else 200)


def test_another_role_holds_elsewhere_and_a_session_goes_on(sites: tuple[Site, Site]) -> None:
    here, there = sites
    account = here.create()
    with here.browser() as browser, there.browser() as elsewhere:
        browser.sign_in()
        cookie = {"cookie": f"assay_session={browser.cookie('assay_session')}"}
        assert elsewhere.ask("GET", "/v1/accounts", headers=cookie).status_code == 403
        accounts.change_account(
            here.app.state.database, here.clock, account.account_id, role=Role.OWNER
        )
        start = time.monotonic()
        while elsewhere.ask("GET", "/v1/accounts", headers=cookie).status_code != 200:
            assert time.monotonic() - start < PATIENCE_S
            time.sleep(0.02)


def test_guesses_count_together(sites: tuple[Site, Site]) -> None:
    here, there = sites
    here.create()
    with here.browser() as one, there.browser() as other:
        statuses = [
            browser.sign_in(EMAIL, "wrong wrong wrong").status_code
            for _ in range(3)
            for browser in (one, other)
        ]
    assert statuses == [401] * 5 + [429]
