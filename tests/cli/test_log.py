"""`assay log`, and what a restore and an upgrade do to a log, as an operator runs them."""

import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.ledger.growing import publish
from tests.migrations.worlds import unpack_old_home
from typer.testing import CliRunner, Result

from assay import ledger
from assay.cli.app import app
from assay.cli.context import Context
from assay.cli.doctor.log import check_log
from assay.cli.doctor.types import Patient, Verdict
from assay.cli.log import open_at_start
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.errors import Corrupt
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.kit.settings import Settings


def assay(home: Path, words: Sequence[str], **settings: str) -> Result:
    changes = {f"ASSAY_{name.upper()}": value for name, value in settings.items()}
    environment = {"ASSAY_HOME": str(home), "COLUMNS": "300", **changes}
    return CliRunner().invoke(app, list(words), env=environment)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that has said three things."""
    home = Home(tmp_path / "home").create()
    database = Database(home)
    publish(database, 3)
    database.close()
    return home


def look(home: Home) -> tuple[Verdict, str]:
    found = check_log(Patient(home, Settings(home=home.path), SystemClock()))
    return found.verdict, found.words + found.remedy


def test_status_and_check_say_what_is_there(home: Home) -> None:
    shown = assay(home.path, ["log", "status"])
    assert shown.exit_code == 0, shown.output
    database = Database(home)
    with database.read() as connection:
        log = ledger.load_log(connection)
        assert log is not None
        [key] = ledger.list_log_keys(connection, log.number)
    database.close()
    for words in (log.origin, ledger.format_vkey(key.name, key.public_key), "3 entries", "go on"):
        assert words in shown.output
    checked = assay(home.path, ["log", "check"])
    assert checked.exit_code == 0, checked.output
    assert "3 entries, 1 checkpoints" in checked.output
    assert look(home) == (Verdict.OK, "3 entries, 1 checkpoints fit")


def test_before_the_first_publication_there_is_none(tmp_path: Path) -> None:
    for words in (["status"], ["check"], ["new", "--yes"], ["resume"], ["rotate"]):
        done = assay(tmp_path / "home", ["log", *words])
        assert done.exit_code != 0, words
        assert "The first publication starts one" in done.output, words
    assert look(Home(tmp_path / "home"))[0] is Verdict.OK


def test_a_rotation_says_the_new_key(home: Home) -> None:
    done = assay(home.path, ["log", "rotate", "--overlap-days", "2"])
    assert done.exit_code == 0, done.output
    database = Database(home)
    with database.read() as connection:
        old, new = ledger.list_log_keys(connection, 1)
    database.close()
    assert old.until is not None
    assert ledger.format_vkey(new.name, new.public_key) in done.output
    assert stat.S_IMODE(next(home.keys.glob("log-*-2.pem")).stat().st_mode) == 0o600


def test_a_restored_home_says_nothing_new_until_a_new_log_begins(
    home: Home, tmp_path: Path
) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("candles, candles, candles\n")
    backup = str(tmp_path / "assay.backup")
    done = assay(home.path, ["backup", backup], passphrase_file=str(secret))
    assert done.exit_code == 0, done.output
    restored = Home(tmp_path / "restored")
    done = assay(restored.path, ["restore", backup], passphrase_file=str(secret))
    assert done.exit_code == 0, done.output
    assert "assay log new" in done.output
    for folder in ("keys", "log"):
        files = sorted(path.name for path in (home.path / folder).iterdir())
        assert files == sorted(path.name for path in (restored.path / folder).iterdir())
        for name in files:
            copy = restored.path / folder / name
            assert copy.read_bytes() == (home.path / folder / name).read_bytes()
            assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert stat.S_IMODE((restored.path / folder).stat().st_mode) == 0o700
    verdict, words = look(restored)
    assert verdict is Verdict.FAIL
    assert "restored or copied state" in words
    assert "before a restore" in words
    halted = assay(restored.path, ["log", "status"])
    assert halted.exit_code == 1
    assert "assay log new" in halted.output
    alone = assay(restored.path, ["log", "resume"])
    assert alone.exit_code == 1
    assert "No witness and no anchor confirms" in alone.output
    begun = assay(restored.path, ["log", "new", "--yes"])
    assert begun.exit_code == 0, begun.output
    assert "number 2 of this database" in begun.output
    database = Database(restored)
    publish(database, at=datetime.now(UTC), word="b")  # noqa: TID251 - behind the command's clock
    database.close()
    assert look(restored) == (Verdict.OK, "2 entries, 2 checkpoints fit")
    assert assay(home.path, ["log", "status"]).exit_code == 0


def test_a_home_of_before_logs_enters_all_that_it_said(tmp_path: Path) -> None:
    home = unpack_old_home(tmp_path / "home")
    database = Database(home)
    context = Context(Settings(home=home.path), home, SystemClock(), SilentProgress())
    open_at_start(context)
    with database.read() as connection:
        log = ledger.load_log(connection)
        assert log is not None
        asked = ledger.Selection(is_newest_first=False)
        said = ledger.list_headers(connection, asked, None, 1_000)
        assert len(said) == 24
        digests = [
            ledger.compute_digest(entry)
            for entry in ledger.read_entries(connection, log.number, 0, 100)
        ]
        assert digests == [item.digest for item in said]
        assert ledger.load_position(connection, said[4].sequence) == (1, 4)
        assert ledger.check_log(connection, log).size == 24
    context.database.close()
    database.close()


def test_the_server_does_not_start_over_a_damaged_log(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    context = Context(Settings(home=home.path), home, SystemClock(), SilentProgress())
    open_at_start(context)
    context.database.close()
    next(home.keys.iterdir()).unlink()
    context = Context(Settings(home=home.path), home, SystemClock(), SilentProgress())
    open_at_start(context)
    assert "is not in this home" in capsys.readouterr().err
    with context.database.write() as connection:
        connection.exec_driver_sql("UPDATE logs SET place = 'elsewhere'")
        connection.exec_driver_sql("DROP TRIGGER log_tiles_no_update")
        connection.exec_driver_sql("UPDATE log_tiles SET crc32 = 0")
    context.database.close()
    context = Context(Settings(home=home.path), home, SystemClock(), SilentProgress())
    with pytest.raises(Corrupt, match="corrupt tile 0/0"):
        open_at_start(context)
    context.database.close()
