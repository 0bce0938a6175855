"""assay account: people managed from the machine itself."""

from pathlib import Path

import pytest
from tests.accounts.people import HOME, SetClock
from typer.testing import CliRunner, Result

from assay import accounts
from assay.accounts.types import Role
from assay.cli.app import app
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.home import Home

EMAIL, PASSWORD = "ada@example.org", "four random words here"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSAY_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def assay(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, ["account", *arguments], input=typed)


def test_an_account_is_created_listed_ruled_and_deleted(home: Path) -> None:
    assert assay("create", "owner@example.org", "--role", "owner").exit_code == 0
    made = assay("create", EMAIL, "--password-stdin", typed=PASSWORD + "\n")
    assert made.exit_code == 0, made.output
    assert PASSWORD not in made.output
    assert assay("role", "ADA@example.org", "read-only").exit_code == 0
    assert assay("disable", EMAIL).exit_code == 0
    listed = next(line for line in assay("list").output.splitlines() if EMAIL in line)
    assert "read-only" in listed
    assert "disabled" in listed
    assert assay("enable", EMAIL).exit_code == 0
    assert assay("delete", EMAIL, typed="n\n").exit_code == 1
    assert assay("delete", EMAIL, typed="y\n").exit_code == 0
    assert EMAIL not in assay("list").output


def test_a_list_in_a_narrow_pipe_has_every_id_and_e_mail_whole(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    email = f"{'a' * 60}@example.org"
    account_id = assay("create", email).output.split()[1]
    (row,) = [line for line in assay("list").output.splitlines() if "example" in line]
    assert row.split()[:2] == [account_id, email]


def test_a_new_account_without_a_password_sets_one_by_its_token(home: Path) -> None:
    output = assay("create", EMAIL).output
    token = next(line for line in output.splitlines() if line.startswith("rs_"))
    database = Database(Home(home))
    try:
        signed_in = accounts.reset_password(
            database, SystemClock(), token=token, new=PASSWORD, caller=HOME
        )
        assert signed_in.account.has_password
    finally:
        database.close()


def test_a_reset_replaces_the_token_before(home: Path) -> None:
    first = assay("create", EMAIL).output.split("rs_")[1]
    second = assay("reset", EMAIL).output.split("rs_")[1]
    assert first != second


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["create", "no-address"], 2, "not an e-mail"),
        (["create", "owner@example.org"], 1, "There is an account"),
        (["reset", "nobody@example.org"], 2, "assay account list"),
        (["role", "acc_0000000000000000", "user"], 2, "No account"),
        (["role", "owner@example.org", "user"], 1, "last owner"),
        (["disable", "owner@example.org"], 1, "last owner"),
        (["delete", "owner@example.org", "--yes"], 1, "last owner"),
        (["role", "owner@example.org", "king"], 2, "king"),
    ],
)
def test_what_cannot_be_done_is_said(
    home: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    database = Database(Home(home))
    accounts.create_account(database, SetClock(), email="owner@example.org", role=Role.OWNER)
    database.close()
    result = assay(*arguments)
    assert result.exit_code == code
    assert words in result.output + capfd.readouterr().err
