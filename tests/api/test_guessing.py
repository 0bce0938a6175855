"""Guessing over HTTP: a thousand wrong logins, and what an attacker may learn from the clock."""

import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from tests.accounts.people import EMAIL, PASSWORD
from tests.api.people import Browser, Site, open_site

from assay.accounts import Passwords, create_account

pytestmark = pytest.mark.slow

NOBODY = "nobody@example.org"
SAMPLES = 9
TOLERANCE = 3.0


def describe(answer: httpx.Response) -> tuple[object, ...]:
    """All that an answer says, but for what differs between any two."""
    own = {"date", "x-request-id", "retry-after"}
    headers = {name: value for name, value in answer.headers.items() if name not in own}
    return answer.status_code, answer.content, tuple(sorted(headers.items()))


def guess(browser: Browser, email: str, number: int) -> httpx.Response:
    return browser.sign_in(email, f"wrong password {number}")


def test_a_thousand_wrong_logins(tmp_path: Path) -> None:
    """They are throttled, answered alike for a known and an unknown e-mail, and the account goes on
    with its keys, on the browser it knows, and anywhere once the attack is over.
    """
    with open_site(tmp_path) as site, site.browser() as attacker, site.browser() as holder:
        account = site.create()
        key = {"x-api-key": site.create_key(account)}
        assert holder.sign_in().status_code == 200
        counts: dict[str, Counter[int]] = {EMAIL: Counter(), NOBODY: Counter()}
        said: dict[str, list[tuple[object, ...]]] = {EMAIL: [], NOBODY: []}
        for email in (EMAIL, NOBODY):
            for number in range(1_000):
                answer = guess(attacker, email, number)
                counts[email][answer.status_code] += 1
                said[email].append(describe(answer))
                site.clock.wait(seconds=1)
                if number % 250 == 0:
                    assert attacker.ask("GET", "/v1/account", headers=key).status_code == 200
                    assert holder.sign_in().status_code == 200
            # The address is forgotten with the day, so that both begin alike.
            site.clock.wait(days=1, seconds=1)
        assert said[EMAIL] == said[NOBODY]
        for count in counts.values():
            assert count.keys() == {401, 429}
            assert count[401] <= 20, "guesses that were compared with a password in 1,000 s"
        with site.browser() as anywhere:
            assert anywhere.sign_in().status_code == 200


def test_a_refusal_says_how_long_to_wait(tmp_path: Path) -> None:
    with open_site(tmp_path) as site, site.browser() as attacker:
        site.create()
        for number in range(8):
            while (answer := guess(attacker, EMAIL, number)).status_code == 429:
                site.clock.wait(seconds=float(answer.headers["retry-after"]))
            assert answer.status_code == 401
        answer = guess(attacker, EMAIL, 9)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "8")


def test_the_clock_does_not_tell_who_exists(tmp_path: Path) -> None:
    """Medians with the real cost of hashing, asked in turns. A sign-in that did not hash for an
    unknown e-mail would be thirty times as fast; three times is what a busy machine may do.
    """
    with open_site(tmp_path) as site, site.browser() as attacker:
        site.app.state.desk.passwords = Passwords()
        create_account(site.app.state.database, site.clock, email=EMAIL, password=PASSWORD)
        create_account(site.app.state.database, site.clock, email="b@example.org")
        medians = time_all(site, attacker, (EMAIL, "b@example.org", NOBODY))
        shown = {email: f"{1000 * median:.1f} ms" for email, median in medians.items()}
        sys.stdout.write(f"refused sign-in, median of {SAMPLES}: {shown}\n")
        known = medians[EMAIL]
        for median in medians.values():
            assert known / TOLERANCE < median < known * TOLERANCE
        # A refusal without a hash, to show that the test could tell.
        start = time.perf_counter()
        attacker.ask("POST", "/v1/session/refresh")
        assert time.perf_counter() - start < known / TOLERANCE


def time_all(site: Site, attacker: Browser, emails: tuple[str, ...]) -> dict[str, float]:
    """Median seconds of a refused sign-in, by e-mail; asked in turns, each after its wait."""
    taken: dict[str, list[float]] = {email: [] for email in emails}
    for number in range(SAMPLES):
        for email in emails:
            site.clock.wait(days=1)
            start = time.perf_counter()
            answer = guess(attacker, email, number)
            taken[email].append(time.perf_counter() - start)
            assert answer.status_code == 401
    return {email: statistics.median(times) for email, times in taken.items()}
