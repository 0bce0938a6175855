"""An account changed, exported, deleted; its password reset; what the owner may do to it."""

from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, MetaData, delete, select, update
from sqlalchemy.exc import DatabaseError
from tests.accounts.people import ELSEWHERE, EMAIL, HOME, PASSWORD, QUICK, Desk

from assay import accounts
from assay.accounts import Proof, Setting, Site
from assay.accounts.store.audit import audit
from assay.accounts.types import Account, Role, SignedIn, Verb
from assay.kit.database import metadata
from assay.kit.errors import (
    AssayError,
    BadInput,
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    Unauthorized,
)

SETTING = Setting(Site("assay.example", "https"), HOME)
NEW = "a wholly different password"


def change(
    desk: Desk, account: Account, new: str, present: str | None, session_id: str | None = None
) -> None:
    accounts.change_password(
        desk.database,
        desk.clock,
        account.account_id,
        new=new,
        proof=Proof(password=present),
        setting=SETTING,
        session_id=session_id,
        passwords=QUICK,
    )


def reset(desk: Desk, token: str, new: str = NEW) -> SignedIn:
    return accounts.reset_password(
        desk.database, desk.clock, token=token, new=new, caller=HOME, passwords=QUICK
    )


def list_texts(connection: Connection) -> dict[str, str]:
    """Everything that is stored, by table, as text; the tables of libraries included."""
    found = MetaData()
    found.reflect(connection)
    assert metadata.tables.keys() <= found.tables.keys()
    return {
        table.name: str([tuple(row) for row in connection.execute(select(table))])
        for table in found.sorted_tables
    }


def test_a_changed_password_ends_other_sessions_and_forgets_devices(desk: Desk) -> None:
    account = desk.create()
    mine, other = desk.sign_in(), desk.sign_in(caller=ELSEWHERE)
    change(desk, account, NEW, PASSWORD, mine.session_id)
    assert desk.is_alive(mine.access)
    assert not desk.is_alive(other.access)
    with pytest.raises(Unauthorized):
        desk.refresh(other.refresh)
    with pytest.raises(Unauthorized):
        desk.sign_in()
    assert desk.sign_in(NEW, device=other.device or "").device is not None


@pytest.mark.parametrize(
    ("new", "present", "error"),
    [
        (NEW, None, Forbidden),
        (NEW, "", Forbidden),
        (NEW, NEW, Forbidden),
        ("short", PASSWORD, BadInput),
        (EMAIL, PASSWORD, BadInput),
    ],
)
def test_a_password_is_not_changed_without_the_present_one_or_to_a_bad_one(
    desk: Desk, new: str, present: str | None, error: type[AssayError]
) -> None:
    account = desk.create()
    with pytest.raises(error):
        change(desk, account, new, present)
    assert desk.sign_in()


def test_a_reset_token_sets_a_password_once_and_signs_in(desk: Desk) -> None:
    account = desk.create()
    old = desk.sign_in()
    for _ in range(8):
        desk.fail(caller=ELSEWHERE)
    made = accounts.create_reset(desk.database, desk.clock, account.account_id)
    with pytest.raises(BadInput):
        reset(desk, made.token, "short")
    with pytest.raises(BadInput):
        reset(desk, made.token, EMAIL)
    signed_in = reset(desk, made.token)
    assert signed_in.account.account_id == account.account_id
    assert desk.is_alive(signed_in.access)
    assert not desk.is_alive(old.access)
    assert desk.sign_in(NEW), "the throttle of the account is forgiven"
    with pytest.raises(Unauthorized):
        reset(desk, made.token)


def test_a_reset_token_that_stands_opens_where_others_must_wait(desk: Desk) -> None:
    account = desk.create()
    made = accounts.create_reset(desk.database, desk.clock, account.account_id)
    refusals: list[AssayError] = []
    while not refusals or not isinstance(refusals[-1], RateLimited):
        with pytest.raises(AssayError) as refused:
            reset(desk, f"{made.token}x")
        refusals.append(refused.value)
        assert len(refusals) < 100
    assert reset(desk, made.token).account.account_id == account.account_id


def test_a_reset_token_expires_and_is_replaced_by_a_newer_one(desk: Desk) -> None:
    account = desk.create()
    first = accounts.create_reset(desk.database, desk.clock, account.account_id)
    second = accounts.create_reset(desk.database, desk.clock, account.account_id)
    with pytest.raises(Unauthorized):
        reset(desk, first.token)
    desk.clock.wait(minutes=30)
    with pytest.raises(Unauthorized):
        reset(desk, second.token)
    with pytest.raises(NotFound):
        accounts.create_reset(desk.database, desk.clock, "acc_0000000000000000")


def test_asking_for_a_reset_says_nothing_about_who_exists(desk: Desk) -> None:
    account = desk.create()
    for email in (EMAIL, "nobody@example.org"):
        accounts.request_reset(desk.database, desk.clock, email, HOME)
    asked = [entry for entry in accounts.list_audit(desk.database) if "requested" in entry.action]
    assert [entry.whose for entry in asked] == [None, account.account_id]


def test_another_e_mail_is_taken_unless_somebody_has_it(desk: Desk) -> None:
    account = desk.create()
    desk.create("bob@example.org")
    changed = accounts.change_email(
        desk.database, desk.clock, account.account_id, "Ada.L@Example.org", HOME
    )
    assert changed.email == "Ada.L@Example.org"
    assert desk.sign_in(email="ada.l@example.org")
    with pytest.raises(Conflict):
        accounts.change_email(
            desk.database, desk.clock, account.account_id, "BOB@example.org", HOME
        )


def rule(desk: Desk, account: Account, **changes: Any) -> Account:
    return accounts.change_account(desk.database, desk.clock, account.account_id, **changes)


def test_the_last_owner_stays_owner_enabled_and_present(desk: Desk) -> None:
    owner = desk.create("owner@example.org", Role.OWNER)
    for changes in ({"role": Role.USER}, {"role": Role.READ_ONLY}, {"is_disabled": True}):
        with pytest.raises(Conflict):
            rule(desk, owner, **changes)
    with pytest.raises(Conflict):
        accounts.delete_account(desk.database, desk.clock, owner.account_id)
    second = desk.create("second@example.org", Role.OWNER)
    rule(desk, second, is_disabled=True)
    with pytest.raises(Conflict):
        rule(desk, owner, role=Role.USER)
    rule(desk, second, is_disabled=False)
    assert rule(desk, owner, role=Role.USER).role is Role.USER
    with pytest.raises(Conflict):
        rule(desk, second, is_disabled=True)


def test_what_the_owner_changes_is_told_to_every_process_and_in_the_trail(desk: Desk) -> None:
    owner, account = desk.create("owner@example.org", Role.OWNER), desk.create()
    signed_in = desk.sign_in()
    versions = [version(desk)]
    for changes in ({"role": Role.READ_ONLY}, {"plan": "pro"}, {"is_disabled": True}):
        rule(desk, account, by=owner.account_id, caller=HOME, **changes)
        versions.append(version(desk))
    rule(desk, account, by=owner.account_id, plan="pro")
    assert versions == sorted(set(versions))
    assert version(desk) == versions[-1], "nothing changed"
    assert not desk.is_alive(signed_in.access)
    told = accounts.list_audit(desk.database, account_id=account.account_id)[:3]
    assert [(entry.action, entry.subject) for entry in reversed(told)] == [
        ("account.role", "user to read-only"),
        ("account.plan", "free to pro"),
        ("account.disabled", ""),
    ]
    assert {entry.by for entry in told} == {owner.account_id}


def version(desk: Desk) -> int:
    with desk.database.read() as connection:
        return accounts.load_version(connection)


def test_an_export_holds_everything_and_no_secret(desk: Desk) -> None:
    account = desk.create()
    signed_in = desk.sign_in()
    _, secret = accounts.create_key(
        desk.database,
        desk.clock,
        account.account_id,
        name="my key",
        scopes=frozenset({Verb.READ}),
        expires_at=None,
    )
    document = accounts.export_account(
        desk.database,
        desk.clock,
        account.account_id,
        {"jobs": lambda _, account_id: [{"of": account_id}]},
        HOME,
    )
    text = orjson.dumps(document).decode()
    assert document["account"] == {
        "account_id": account.account_id,
        "email": EMAIL,
        "wallet": None,
        "role": "user",
        "plan": "free",
        "has_password": True,
        "is_disabled": False,
        "created_at": "2026-11-20T12:00:00Z",
    }
    assert {"sessions", "audit", "keys", "usage", "jobs"} <= document.keys()
    assert document["jobs"] == [{"of": account.account_id}]
    assert signed_in.session_id in text
    assert "my key" in text
    for hidden in (secret, signed_in.access, "argon2", "sha256", signed_in.csrf):
        assert hidden not in text


def test_a_deleted_account_leaves_nothing_personal_anywhere(desk: Desk) -> None:
    desk.create("owner@example.org", Role.OWNER)
    account = desk.create("Ada.Lovelace@example.org")
    signed_in = desk.sign_in(email="ada.lovelace@example.org", caller=ELSEWHERE)
    accounts.create_key(
        desk.database,
        desk.clock,
        account.account_id,
        name="Ada's key",
        scopes=frozenset({Verb.READ}),
        expires_at=None,
    )
    accounts.create_reset(desk.database, desk.clock, account.account_id)
    desk.fail(email="ada.lovelace@example.org", caller=ELSEWHERE)
    erased: list[str] = []
    before = version(desk)
    accounts.delete_account(
        desk.database, desk.clock, account.account_id, [lambda _, id_: erased.append(id_)]
    )
    assert erased == [account.account_id]
    assert version(desk) > before
    with desk.database.read() as connection:
        kept = list_texts(connection)
    for personal in (account.account_id, "ovelace", "203.0.113", "Ada's key", "curl"):
        assert not [name for name, text in kept.items() if personal in text], personal
    assert not desk.is_alive(signed_in.access)
    with pytest.raises(Unauthorized):
        desk.refresh(signed_in.refresh)
    trail = accounts.list_audit(desk.database)
    assert trail[0].action == "account.deleted"
    assert trail[0].whose == trail[0].by
    assert not str(trail[0].whose).startswith("acc_")
    assert desk.create("ada.lovelace@example.org").account_id != account.account_id


def test_a_deletion_that_fails_half_way_erases_nothing(desk: Desk) -> None:
    account = desk.create()
    signed_in = desk.sign_in()

    def fail(connection: Connection, account_id: str) -> None:
        raise BadInput("this part cannot forget")

    with pytest.raises(BadInput):
        accounts.delete_account(desk.database, desk.clock, account.account_id, [fail])
    assert desk.is_alive(signed_in.access)
    assert accounts.get_account(desk.database, account.account_id) == account
    assert accounts.list_audit(desk.database)[0].action == "session.created"


@pytest.mark.parametrize("change", [update(audit).values(action="x"), delete(audit)])
def test_the_trail_is_never_changed(desk: Desk, change: Any) -> None:
    desk.create()
    with pytest.raises((DatabaseError, AssayError)), desk.database.write() as connection:
        connection.execute(change)
    assert [entry.action for entry in accounts.list_audit(desk.database)] == ["account.created"]
