"""A backup holds everything, restores into an empty home on either database, or not at all."""

import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from tests.migrations.worlds import read_rows, unpack_old_home
from tests.publishing.conftest import CLOCK, SPEAKERS
from tests.publishing.homes import fill

from assay import ledger, markets, publishing
from assay.kit.backup import restore_backup, save_backup, verify_backup
from assay.kit.backup.sealed import CHUNK, TAG
from assay.kit.database import Database
from assay.kit.errors import AssayError, BadInput, Conflict, Corrupt
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.migrations import HEAD, TABLES

PASSPHRASE = "a passphrase of several words"  # noqa: S105
NOW = datetime(2026, 1, 1, tzinfo=UTC)
QUIET = SilentProgress()
OwnHome = Callable[[str], Home]

LIMITED = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from assay.kit.backup import save_backup
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
home = Home(Path(sys.argv[1]))
database = Database(home)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
save_backup(home, database, Path(sys.argv[2]), sys.argv[3], datetime.now(UTC), SilentProgress())
"""


def keep(home: Home, target: Path) -> Path:
    database = Database(home)
    found = save_backup(home, database, target, PASSPHRASE, NOW, QUIET, pausing=["markets"])
    database.close()
    assert found.schema == HEAD
    return target


def files_of(home: Home) -> dict[str, bytes]:
    """What a restored home must have again: all but the database, locks, caches, old panels."""
    current = home.panel / "CURRENT"
    generation = current.read_text().strip() if current.exists() else ""
    found = {}
    for path in home.path.rglob("*"):
        name = path.relative_to(home.path).as_posix()
        is_old = name.startswith("panel/gen-") and f"/{generation}/" not in name
        if path.is_file() and not is_old and not name.startswith(("assay.db", "locks", "cache")):
            found[name] = path.read_bytes()
    return found


@pytest.fixture
def small(tmp_path: Path) -> Home:
    home = unpack_old_home(tmp_path / "small")
    (home.path / "owner.key").write_text("ak_secret")
    Database(home).close()
    return home


@pytest.mark.slow
def test_everything_comes_back_on_the_other_database(
    each_home: Home, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    fill(each_home, tmp_path)
    (each_home.path / "owner.key").write_text("ak_secret")
    backup = keep(each_home, tmp_path / "backup")
    url = None
    if each_home.database_url is None:
        url = SecretStr(request.getfixturevalue("other_postgres_url"))
    restored = Home(tmp_path / "restored", url)
    restore_backup(restored, backup, PASSPHRASE, QUIET)
    assert files_of(restored) == files_of(each_home)
    before, after = Database(each_home), Database(restored)
    rows = {name: read_rows(before)[name] for name in TABLES}
    assert {name: read_rows(after)[name] for name in TABLES} == rows
    assert len(rows["publications"]) == 128
    with after.read() as connection:
        said = ledger.load_latest(connection, "toy.closes")
    assert said is not None
    assert publishing.reproduce_publication(restored, after, SPEAKERS, said.publication_id).is_equal
    assert markets.load_panel(restored).n_tokens == 3
    for speaker in SPEAKERS:
        assert publishing.list_owed(restored, after, speaker, CLOCK.now()) == []
    before.close()
    after.close()


def test_a_backup_shows_nothing_to_who_lacks_the_passphrase(small: Home, tmp_path: Path) -> None:
    backup = keep(small, tmp_path / "backup")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    payload = backup.read_bytes()
    for word in (b"owner.key", b"ak_secret", b"toy.closes", b"CREATE TABLE"):
        assert word not in payload
    with pytest.raises(BadInput, match="passphrase does not open"):
        verify_backup(backup, PASSPHRASE + " ", QUIET)
    assert "home/owner.key" in verify_backup(backup, PASSPHRASE, QUIET).members


def test_a_backup_that_was_cut_or_changed_is_refused_and_restores_nothing(
    small: Home, tmp_path: Path
) -> None:
    (small.path / "large").write_bytes(b"".join(bytes([n % 251]) * 1000 for n in range(100)))
    whole = keep(small, tmp_path / "backup").read_bytes()
    header = len(whole) % (CHUNK + TAG)
    broken = {
        "cut": whole[: len(whole) // 2],
        "without its end": whole[:-1],
        "of no length": whole[:20],
        "changed": whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:],
        "longer": whole + b"\0",
    }
    assert header > 0
    for what, payload in broken.items():
        path = tmp_path / "broken"
        path.write_bytes(payload)
        restored = Home(tmp_path / "restored")
        with pytest.raises((Corrupt, BadInput)):
            restore_backup(restored, path, PASSPHRASE, QUIET)
        assert files_of(restored) == {}, what
        assert not restored.database.exists(), what
    restore_backup(Home(tmp_path / "restored"), tmp_path / "backup", PASSPHRASE, QUIET)


def test_a_broken_backup_leaves_postgres_as_empty_as_it_was(
    small: Home, tmp_path: Path, postgres_url: str
) -> None:
    backup = keep(small, tmp_path / "backup")
    backup.write_bytes(backup.read_bytes()[:-1])
    shared = Home(tmp_path / "shared", SecretStr(postgres_url))
    with pytest.raises(Corrupt):
        restore_backup(shared, backup, PASSPHRASE, QUIET)
    database = Database(shared, is_upgraded=False)
    assert read_rows(database) == {}
    database.close()


def test_a_home_or_database_in_use_is_never_restored_over(
    small: Home, tmp_path: Path, postgres_url: str
) -> None:
    backup = keep(small, tmp_path / "backup")
    before = files_of(small)
    with pytest.raises(Conflict, match="not empty"):
        restore_backup(small, backup, PASSPHRASE, QUIET)
    assert files_of(small) == before
    used = Home(tmp_path / "used", SecretStr(postgres_url))
    Database(used).close()
    with pytest.raises(Conflict, match="ASSAY_DATABASE_URL is not empty"):
        restore_backup(Home(tmp_path / "new", used.database_url), backup, PASSPHRASE, QUIET)


@pytest.mark.parametrize(
    ("name", "passphrase", "words"),
    [
        ("backup", "short", "fewer than 12"),
        ("small/backup", PASSPHRASE, "inside ASSAY_HOME"),
        ("nowhere/backup", PASSPHRASE, "no folder"),
        ("existing", PASSPHRASE, "exists already"),
    ],
)
def test_what_cannot_be_a_good_backup_is_refused(
    small: Home, tmp_path: Path, name: str, passphrase: str, words: str
) -> None:
    (tmp_path / "existing").write_text("mine")
    database = Database(small)
    with pytest.raises(AssayError, match=words):
        save_backup(small, database, tmp_path / name, passphrase, NOW, QUIET)
    database.close()
    assert (tmp_path / "existing").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} <= {"small", "existing"}


def test_something_else_is_not_taken_for_a_backup(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"PK" * 100)
    with pytest.raises(BadInput, match="no backup"):
        verify_backup(other, PASSPHRASE, QUIET)
    with pytest.raises(BadInput, match="no file"):
        verify_backup(tmp_path / "missing", PASSPHRASE, QUIET)


def test_a_disk_that_fills_up_leaves_no_half_backup(small: Home, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, str(small.path), str(tmp_path / "backup"), PASSPHRASE]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "StorageFull" in ended.stderr or "File too large" in ended.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"small"}
    keep(small, tmp_path / "backup")


@pytest.mark.slow
def test_a_backup_taken_while_others_write_is_one_moment(each_home: Home, tmp_path: Path) -> None:
    """Two rows are always written together: no backup may hold one of them alone."""
    database = Database(each_home)
    add = text("INSERT INTO indices_own VALUES (:slug, '2026-01-01T00:00:00Z', '', :pad, :pad)")
    stop = threading.Event()
    pairs = 0

    def write() -> None:
        nonlocal pairs
        while not stop.is_set():
            with database.write() as connection:
                pad = b"x" * 10_000
                connection.execute(add, [{"slug": f"{pairs:06}{end}", "pad": pad} for end in "ab"])
            pairs += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backups = [keep(each_home, tmp_path / f"backup{n}") for n in range(3)]
    finally:
        stop.set()
        writer.join()
    sizes = []
    for number, backup in enumerate(backups):
        restored = Home(tmp_path / f"restored{number}")
        restore_backup(restored, backup, PASSPHRASE, QUIET)
        reader = Database(restored)
        slugs = [str(row[0]) for row in read_rows(reader)["indices_own"]]
        reader.close()
        assert slugs == [f"{pair:06}{end}" for pair in range(len(slugs) // 2) for end in "ab"]
        sizes.append(len(slugs))
    assert sizes == sorted(sizes)
    assert sizes[-1] > 0
    database.close()
