"""Sign-in by password: throttled, silent about who exists, never shut for good."""

import threading

import pytest
from tests.accounts.people import ELSEWHERE, EMAIL, HOME, PASSWORD, QUICK, Desk

from assay import accounts
from assay.accounts.hashing import Passwords
from assay.accounts.store.people import find_account
from assay.accounts.types import Caller, Role
from assay.kit.database import Database
from assay.kit.errors import Conflict, Forbidden, RateLimited, Unauthorized
from assay.kit.home import Home

NOBODY = "nobody@example.org"


def test_a_wrong_password_and_an_unknown_e_mail_get_the_same_answer(desk: Desk) -> None:
    desk.create()
    known, unknown = desk.fail(), desk.fail(email=NOBODY, caller=ELSEWHERE)
    assert isinstance(known, Unauthorized)
    assert (str(known), known.status, known.hint) == (str(unknown), unknown.status, unknown.hint)


@pytest.mark.parametrize("email", ["", "\0", "ada\0@example.org", "'; --", "x" * 320, "ada@", "%"])
def test_any_text_may_be_tried_as_an_e_mail(desk: Desk, email: str) -> None:
    desk.create()
    assert isinstance(desk.fail(email=email), Unauthorized)
    accounts.request_reset(desk.database, desk.clock, email, HOME)


def test_both_are_throttled_alike(desk: Desk) -> None:
    desk.create()
    seen: dict[str, list[tuple[str, float | None]]] = {}
    for email in (EMAIL, NOBODY):
        caller = Caller(f"192.0.2.{len(email)}")
        answers = [desk.fail(email=email, caller=caller) for _ in range(12)]
        seen[email] = [(str(one), getattr(one, "retry_after_s", None)) for one in answers]
    assert seen[EMAIL] == seen[NOBODY]
    assert [type(desk.fail(email=email)) for email in seen] == [RateLimited, RateLimited]


def test_each_wait_is_twice_the_one_before_and_a_refused_try_costs_nothing(desk: Desk) -> None:
    desk.create()
    for _ in range(5):
        assert isinstance(desk.fail(), Unauthorized)
    for wait in (1, 2, 4, 8, 16):
        for _ in range(3):
            error = desk.fail()
            assert isinstance(error, RateLimited)
            assert error.retry_after_s == wait
        desk.clock.wait(seconds=wait)
        assert isinstance(desk.fail(), Unauthorized)


def test_the_right_password_has_to_wait_too_and_then_forgives(desk: Desk) -> None:
    desk.create()
    for _ in range(5):
        desk.fail()
    with pytest.raises(RateLimited):
        desk.sign_in()
    desk.clock.wait(seconds=1)
    desk.sign_in()
    for _ in range(5):
        assert isinstance(desk.fail(), Unauthorized)


@pytest.mark.slow
def test_a_thousand_wrong_logins_over_a_day_never_shut_the_holder_out(desk: Desk) -> None:
    """An attacker guesses as fast as the throttle lets them; the holder comes in from a device
    they have used before at any time, and from a new one after a quarter of an hour of quiet.
    """
    desk.create()
    device = desk.sign_in().device
    assert device is not None
    looked_at = 0
    for number in range(1_000):
        error = desk.fail(caller=Caller(f"10.0.{number // 250}.{number % 250}"))
        looked_at += isinstance(error, Unauthorized)
        desk.clock.wait(seconds=86.4)
        if number % 100 == 0:
            assert desk.sign_in(device=device).device is None
    assert looked_at <= 110, "guesses that were compared with the password in a day"
    desk.clock.wait(minutes=15)
    assert desk.sign_in(caller=ELSEWHERE).device is not None


def test_a_stranger_to_the_device_cannot_use_it(desk: Desk) -> None:
    """A device token speaks for its account only, and its own guesses are throttled."""
    desk.create()
    desk.create("mallory@example.org")
    device = desk.sign_in(email="mallory@example.org").device or ""
    for _ in range(5):
        assert isinstance(desk.fail(device=device), Unauthorized)
    assert isinstance(desk.fail(device=device), RateLimited)
    own = desk.sign_in(caller=ELSEWHERE, email="mallory@example.org", device=device)
    assert own.device is None
    for _ in range(10):
        assert isinstance(desk.fail(email="mallory@example.org", device=device), Unauthorized)
    assert isinstance(desk.fail(email="mallory@example.org", device=device), RateLimited)


def test_an_address_that_guesses_at_many_accounts_is_throttled(desk: Desk) -> None:
    desk.create()
    for number in range(20):
        error = desk.fail(email=f"{number}@example.org", caller=ELSEWHERE)
        assert isinstance(error, Unauthorized)
    assert isinstance(desk.fail(email="another@example.org", caller=ELSEWHERE), RateLimited)
    assert desk.sign_in(caller=HOME)


def test_one_right_sign_in_does_not_wash_an_address_clean(desk: Desk) -> None:
    desk.create("mallory@example.org")
    for number in range(20):
        desk.fail(email=f"{number}@example.org", caller=ELSEWHERE)
        if number % 5 == 0:
            desk.sign_in(email="mallory@example.org", caller=ELSEWHERE)
    assert isinstance(desk.fail(email="another@example.org", caller=ELSEWHERE), RateLimited)


def test_tries_are_counted_in_the_database_for_all_processes(desk: Desk, clean_home: Home) -> None:
    desk.create()
    for _ in range(5):
        desk.fail()
    other = Desk(Database(clean_home), desk.clock)
    try:
        assert isinstance(other.fail(), RateLimited)
    finally:
        other.database.close()


def test_tries_at_the_same_moment_all_count(desk: Desk) -> None:
    desk.create()
    errors: list[Exception] = []
    start = threading.Barrier(12)

    def guess() -> None:
        start.wait()
        errors.append(desk.fail())

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (
        sorted(type(error).__name__ for error in errors)
        == ["RateLimited"] * 7 + ["SignInFailed"] * 5
    )


def test_a_disabled_account_says_so_only_to_its_holder(desk: Desk) -> None:
    account = desk.create()
    desk.create("owner@example.org", Role.OWNER)
    accounts.change_account(desk.database, desk.clock, account.account_id, is_disabled=True)
    assert isinstance(desk.fail(), Unauthorized)
    with pytest.raises(Forbidden):
        desk.sign_in()
    accounts.change_account(desk.database, desk.clock, account.account_id, is_disabled=False)
    assert desk.sign_in()


def test_a_hash_is_renewed_when_the_parameters_change(desk: Desk) -> None:
    account = desk.create()
    stored = _stored(desk)
    strong = Passwords()
    signed_in = accounts.sign_in_with_password(
        desk.database,
        desk.clock,
        email=EMAIL,
        password=PASSWORD,
        caller=HOME,
        passwords=strong,
    )
    renewed = _stored(desk)
    assert signed_in.account == account
    assert stored.startswith("$argon2id$v=19$m=8,")
    assert renewed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert strong.verify(renewed, PASSWORD)


def test_an_account_without_a_password_has_none_that_works(desk: Desk) -> None:
    desk.create(password=None)
    with pytest.raises(Unauthorized):
        desk.sign_in("")
    with pytest.raises(Unauthorized):
        desk.sign_in("nobody has this password")


def test_sign_ups_from_one_address_are_slowed_down(desk: Desk) -> None:
    def sign_up(number: int) -> None:
        accounts.sign_up(
            desk.database,
            desk.clock,
            email=f"{number}@example.org",
            password=PASSWORD,
            caller=ELSEWHERE,
            passwords=QUICK,
        )

    for number in range(10):
        sign_up(number)
    with pytest.raises(RateLimited):
        sign_up(10)
    desk.clock.wait(seconds=1)
    with pytest.raises(Conflict):
        sign_up(3)


def test_what_happened_is_in_the_trail_without_address_or_secret(desk: Desk) -> None:
    account = desk.create()
    desk.fail(email=NOBODY)
    desk.fail()
    signed_in = desk.sign_in()
    own = accounts.list_audit(desk.database, account_id=account.account_id)
    assert [entry.action for entry in own] == [
        "session.created",
        "session.refused",
        "account.created",
    ]
    assert own[0].subject == signed_in.session_id
    assert {entry.whose for entry in own} == {account.account_id}
    assert own[0].address_prefix == "198.51.100.0/24"
    everything = accounts.list_audit(desk.database)
    assert len(everything) == 4
    assert (everything[2].whose, everything[2].action) == (None, "session.refused")
    page = accounts.list_audit(desk.database, before=everything[1].sequence, limit=1)
    assert page == everything[2:3]


def _stored(desk: Desk) -> str:
    with desk.database.read() as connection:
        found = find_account(connection, email=EMAIL)
    assert found is not None
    assert found[1] is not None
    return found[1]
