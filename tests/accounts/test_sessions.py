"""Sessions: begun, refreshed with rotation, revoked; on both databases."""

import threading
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from tests.accounts.people import ELSEWHERE, EMAIL, HOME, NOON, Desk, SetClock

from assay import accounts
from assay.accounts.store.sessions import MAX_DEVICES, MAX_SESSIONS, devices
from assay.accounts.types import Caller, SignedIn
from assay.kit.database import Database, metadata
from assay.kit.errors import AssayError, Conflict, NotFound, Unauthorized
from assay.kit.home import Home


def test_a_sign_in_opens_a_session_that_lasts_fifteen_minutes(desk: Desk) -> None:
    account = desk.create()
    signed_in = desk.sign_in()
    assert signed_in.account == account
    record = accounts.find_session(desk.database, signed_in.access, NOON)
    assert record is not None
    assert (record.account_id, record.session_id) == (account.account_id, signed_in.session_id)
    assert record.expires_at == NOON + timedelta(minutes=15)
    with desk.database.read() as connection:
        assert accounts.load_live_sessions(connection, NOON) == [record]
    desk.clock.wait(minutes=15)
    assert not desk.is_alive(signed_in.access)


def test_nothing_of_a_session_stands_in_the_database_as_it_is_sent(desk: Desk) -> None:
    desk.create()
    signed_in = desk.sign_in()
    with desk.database.read() as connection:
        texts = [
            str(tuple(row))
            for table in metadata.sorted_tables
            for row in connection.execute(select(table))
        ]
    secrets = [signed_in.access, signed_in.refresh, signed_in.csrf, signed_in.device or "?"]
    for secret in [*secrets, *(text[-20:] for text in secrets)]:
        assert not any(secret in text for text in texts)
    assert any("argon2id" in text for text in texts)


def test_an_e_mail_is_one_account_in_any_case(desk: Desk) -> None:
    desk.create("Ada@Example.org")
    with pytest.raises(Conflict):
        desk.create("ADA@example.ORG")
    assert desk.sign_in(email="aDA@EXAMPLE.org").account.email == "Ada@Example.org"


def test_a_refresh_rotates_and_the_session_stays_the_same(desk: Desk) -> None:
    desk.create()
    first = desk.sign_in()
    desk.clock.wait(minutes=14)
    second = desk.refresh(first.refresh)
    assert second.session_id == first.session_id
    assert len({first.access, second.access, first.refresh, second.refresh}) == 4
    assert first.csrf != second.csrf
    assert desk.is_alive(second.access)
    (session,) = accounts.list_sessions(desk.database, desk.clock, first.account.account_id)
    assert (session.created_at, session.last_used_at) == (NOON, desk.clock.now())
    desk.clock.wait(days=30)
    with pytest.raises(Unauthorized):
        desk.refresh(second.refresh)


def test_reuse_of_a_refresh_token_ends_the_session_and_no_other(desk: Desk) -> None:
    account = desk.create()
    victim, other = desk.sign_in(), desk.sign_in(caller=ELSEWHERE)
    stolen = desk.refresh(victim.refresh, ELSEWHERE)
    with desk.database.read() as connection:
        version = accounts.load_version(connection)
    with pytest.raises(Unauthorized):
        desk.refresh(victim.refresh)
    assert not desk.is_alive(victim.access)
    assert not desk.is_alive(stolen.access)
    with pytest.raises(Unauthorized):
        desk.refresh(stolen.refresh)
    assert desk.is_alive(other.access)
    with desk.database.read() as connection:
        assert accounts.load_version(connection) > version
    entries = accounts.list_audit(desk.database, account_id=account.account_id)
    assert entries[0].action == "session.reused"
    assert entries[0].subject == victim.session_id


def test_a_token_used_by_two_at_once_goes_to_one_and_ends_the_session(desk: Desk) -> None:
    desk.create()
    token = desk.sign_in().refresh
    got: list[SignedIn | Unauthorized] = []
    start = threading.Barrier(4)

    def use() -> None:
        start.wait()
        try:
            got.append(desk.refresh(token))
        except Unauthorized as error:
            got.append(error)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [one for one in got if isinstance(one, SignedIn)]
    assert len(got) == 4
    assert len(won) <= 1
    assert not any(desk.is_alive(one.access) for one in won)


@pytest.mark.parametrize("token", ["", "ar_", "ar_0123456789abcdef_" + "A" * 43, "x" * 5_000])
def test_a_made_up_refresh_token_is_refused(desk: Desk, token: str) -> None:
    with pytest.raises(Unauthorized):
        desk.refresh(token)


def test_tokens_of_one_kind_are_not_those_of_another(desk: Desk) -> None:
    desk.create()
    signed_in = desk.sign_in()
    with pytest.raises(Unauthorized):
        desk.refresh(signed_in.access.replace("as_", "ar_"))
    assert not desk.is_alive(signed_in.refresh.replace("ar_", "as_"))
    assert not desk.is_alive(signed_in.access[:-1] + "!")


def test_sessions_are_listed_and_ended_one_or_all_others(desk: Desk) -> None:
    account = desk.create()
    desktop = desk.sign_in()
    desk.clock.wait(seconds=1)
    phone = desk.sign_in(caller=Caller("2001:db8::1", "Phone/1 " + "x" * 200))
    desk.clock.wait(seconds=1)
    tablet = desk.sign_in(caller=ELSEWHERE)
    listed = accounts.list_sessions(desk.database, desk.clock, account.account_id)
    assert [one.session_id for one in listed] == [
        tablet.session_id,
        phone.session_id,
        desktop.session_id,
    ]
    assert listed[1].address_prefix == "2001:db8::/48"
    assert len(listed[1].user_agent) == 80
    accounts.end_session(desk.database, desk.clock, account.account_id, phone.session_id, HOME)
    assert not desk.is_alive(phone.access)
    with pytest.raises(NotFound):
        accounts.end_session(desk.database, desk.clock, account.account_id, phone.session_id, HOME)
    ended = accounts.end_other_sessions(
        desk.database, desk.clock, account.account_id, desktop.session_id, HOME
    )
    assert ended == 1
    assert desk.is_alive(desktop.access)
    assert not desk.is_alive(tablet.access)


def test_nobody_ends_the_session_of_another(desk: Desk) -> None:
    desk.create()
    session = desk.sign_in()
    mallory = desk.create("mallory@example.org")
    with pytest.raises(NotFound):
        accounts.end_session(
            desk.database, desk.clock, mallory.account_id, session.session_id, HOME
        )
    accounts.end_other_sessions(desk.database, desk.clock, mallory.account_id, None, HOME)
    assert desk.is_alive(session.access)


@pytest.mark.slow
def test_what_one_account_may_keep_is_bounded(desk: Desk) -> None:
    account = desk.create()
    first = desk.sign_in()
    for _ in range(MAX_SESSIONS):
        desk.clock.wait(seconds=1)
        newest = desk.sign_in()
    listed = accounts.list_sessions(desk.database, desk.clock, account.account_id)
    assert len(listed) == MAX_SESSIONS
    assert first.session_id not in {session.session_id for session in listed}
    for _ in range(20):
        newest = desk.refresh(newest.refresh)
    with desk.database.read() as connection:
        live = accounts.load_live_sessions(connection, desk.clock.now())
        known = connection.execute(select(func.count()).select_from(devices)).scalar_one()
    assert sum(one.session_id == newest.session_id for one in live) == 2
    assert known == MAX_DEVICES


def test_what_nobody_can_use_is_dropped(desk: Desk) -> None:
    desk.create()
    desk.sign_in()
    desk.fail(email="nobody@example.org")
    desk.clock.wait(days=366)
    assert accounts.delete_expired(desk.database, desk.clock) >= 5
    assert accounts.delete_expired(desk.database, desk.clock) == 0


class SessionMachine(RuleBasedStateMachine):
    """Whatever order things happen in: a token used up opens nothing, an ended session nothing."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(self.database, SetClock())
        self.account = self.desk.create(f"{id(self)}-{self.count()}@example.org")
        self.ended: set[str] = set()
        self.used: set[str] = set()
        self.access: list[SignedIn] = []

    def count(self) -> int:
        return len(accounts.list_accounts(self.database))

    tokens: Bundle[SignedIn] = Bundle("tokens")

    @rule(target=tokens)
    def sign_in(self) -> SignedIn:
        email = self.account.email or EMAIL
        self.access.append(self.desk.sign_in(email=email))
        return self.access[-1]

    @rule(target=tokens, token=tokens)
    def refresh(self, token: SignedIn) -> SignedIn | MultipleResults[SignedIn]:
        is_good = token.refresh not in self.used and token.session_id not in self.ended
        try:
            new = self.desk.refresh(token.refresh)
        except AssayError:
            assert not is_good
            self.ended.add(token.session_id)
            return multiple()
        assert is_good
        self.used.add(token.refresh)
        self.access.append(new)
        return new

    @rule(token=tokens)
    def end(self, token: SignedIn) -> None:
        account_id = self.account.account_id
        try:
            accounts.end_session(self.database, self.desk.clock, account_id, token.session_id, HOME)
        except NotFound:
            assert token.session_id in self.ended
        self.ended.add(token.session_id)

    @invariant()
    def ended_sessions_are_dead_and_the_newest_access_of_others_lives(self) -> None:
        newest = {signed_in.session_id: signed_in for signed_in in self.access}
        for session_id, signed_in in newest.items():
            assert self.desk.is_alive(signed_in.access) == (session_id not in self.ended)
        for signed_in in self.access:
            if signed_in.session_id in self.ended:
                assert not self.desk.is_alive(signed_in.access)


def test_sessions_in_any_order(clean_home: Home) -> None:
    database = Database(clean_home)
    SessionMachine.database = database
    try:
        run_state_machine_as_test(
            SessionMachine, settings=settings(max_examples=8, stateful_step_count=12)
        )
    finally:
        database.close()
