"""Private statements of an account: told to the log by a hash, erasable with the account."""

import base64
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.accounts.people import HOME, Desk

from assay import accounts, ledger
from assay.accounts.types import Account, Role
from assay.kit.errors import NotFound
from assay.ledger import PrivateStatement
from assay.verifier import Malformed, NotVerified, VerifierKey

SECRET = b"ada believes that SOL will be below 40 in March"


def tell(desk: Desk, account: Account, statement: bytes = SECRET) -> PrivateStatement:
    return accounts.publish_private(desk.database, desk.clock, account.account_id, statement)


def find_files(desk: Desk, *needles: bytes) -> list[str]:
    """The database's files that hold one of these bytes."""
    home = Path(desk.database.home.path)
    files = sorted(home.glob("assay.db*"))
    assert files
    return [file.name for file in files if any(item in file.read_bytes() for item in needles)]


def test_the_log_knows_it_and_cannot_tell_it(desk: Desk) -> None:
    account = desk.create()
    told = tell(desk, account)
    assert told.position is not None
    assert told.log is not None
    with desk.database.read() as connection:
        [entry] = ledger.read_entries(connection, told.log, told.position, told.position + 1)
    assert ledger.open_private_entry(entry, told.salt, SECRET) == desk.clock.now()
    assert account.account_id.encode() not in entry
    assert SECRET not in entry


def test_who_is_gone_says_nothing(desk: Desk) -> None:
    desk.create("owner@example.org", Role.OWNER)
    account = desk.create()
    accounts.delete_account(desk.database, desk.clock, account.account_id)
    with pytest.raises(NotFound):
        tell(desk, account)
    with desk.database.read() as connection:
        assert ledger.load_log(connection) is None


def test_salt_and_bytes_die_with_the_account_and_the_entry_stays(desk: Desk) -> None:
    desk.create("owner@example.org", Role.OWNER)
    ada, bob = desk.create(), desk.create("bob@example.org")
    gone = [tell(desk, ada, SECRET + bytes([65 + n]) * 3000) for n in range(8)]
    kept = tell(desk, bob, b"bob keeps his")
    traces = [SECRET, *(item.salt for item in gone)]
    if not desk.database.is_shared:
        assert find_files(desk, *traces)
    accounts.delete_account(desk.database, desk.clock, ada.account_id)
    with desk.database.read() as connection:
        assert ledger.list_private(connection, ada.account_id) == []
        assert ledger.list_private(connection, bob.account_id) == [kept]
        entries = ledger.read_entries(connection, 1, 0, 99)
    assert [item.entry for item in [*gone, kept]] == entries
    if not desk.database.is_shared:
        assert find_files(desk, *traces) == []
        assert find_files(desk, kept.salt)


def read_keys(desk: Desk) -> list[VerifierKey]:
    with desk.database.read() as connection:
        keys = ledger.list_log_keys(connection, 1)
    return [ledger.parse_vkey(ledger.format_vkey(key.name, key.public_key)) for key in keys]


def export(desk: Desk, account: Account) -> list[dict[str, Any]]:
    """The private statements of an account's export, as its owner gets them."""
    document = accounts.export_account(desk.database, desk.clock, account.account_id, {}, HOME)
    found: list[dict[str, Any]] = orjson.loads(orjson.dumps(document))["private_statements"]
    return found


def test_the_owners_export_proves_it_even_when_the_account_is_gone(desk: Desk) -> None:
    desk.create("owner@example.org", Role.OWNER)
    ada, bob = desk.create(), desk.create("bob@example.org")
    told = tell(desk, ada)
    tell(desk, bob, b"of bob")
    keys = read_keys(desk)
    [file] = export(desk, ada)
    accounts.delete_account(desk.database, desk.clock, ada.account_id)
    read = ledger.verify_private(orjson.dumps(file), keys)
    assert (read.statement, read.published_at) == (SECRET, told.published_at)
    assert (read.position, read.size) == (0, 2)
    assert [item["entry"] for item in export(desk, bob)] != [file["entry"]]
    spoilt = {
        "statement": base64.b64encode(SECRET + b"!").decode(),
        "salt": base64.b64encode(bytes(32)).decode(),
        "entry": file["entry"].replace("T12", "T11"),
        "proof": file["proof"].replace("index 0", "index 1"),
        "type": "assay-private-v2",
    }
    for name, value in spoilt.items():
        with pytest.raises(NotVerified):
            ledger.verify_private(orjson.dumps({**file, name: value}), keys)
    other = VerifierKey(keys[0].name, keys[0].kind, bytes([2]) * 32)
    with pytest.raises(NotVerified, match="No given key"):
        ledger.verify_private(orjson.dumps(file), [other])
    for broken in (b"", b"[]", b"{}", orjson.dumps({**file, "salt": 7})):
        with pytest.raises(Malformed):
            ledger.verify_private(broken, keys)


def test_a_reader_who_is_in_the_way_delays_the_cleaning_and_not_the_deletion(desk: Desk) -> None:
    if desk.database.is_shared:
        assert not desk.database.clear_traces(), "a server's files are not ours"
        return
    desk.create("owner@example.org", Role.OWNER)
    account = desk.create()
    tell(desk, account)
    with desk.database.read() as connection:
        assert ledger.list_private(connection, account.account_id)
        accounts.delete_account(desk.database, desk.clock, account.account_id)
        assert find_files(desk, SECRET), "the log still serves the reader's older state"
    assert desk.database.clear_traces()
    assert find_files(desk, SECRET) == []
