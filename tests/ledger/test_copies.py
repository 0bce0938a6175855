"""No forks by accident: copies, clones and lost state do not append."""

import multiprocessing
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr
from tests.ledger.growing import (
    AT,
    DAILY,
    DAY,
    SECOND,
    check,
    ledger_table,
    publish,
    reopen,
    the_head,
    the_log,
)

from assay import ledger
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import Conflict, StateCopied
from assay.kit.home import Home
from assay.ledger import Draft, OutsideHead, OutsideView
from assay.ledger.outside import HeadState
from assay.ledger.service.heads import load_head


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    database = Database(each_home)
    yield database
    database.close()


def test_the_head_outside_follows_every_transaction(database: Database) -> None:
    for size in (2, 5):
        publish(database, size - (2 if size == 5 else 0))
        head = load_head(database.home)
        assert head is not None
        assert (head.size, head.root) == (size, the_head(database).root)
    with pytest.raises(ZeroDivisionError), ledger.write_ledger(database) as writer:
        writer.save(Draft(DAILY, DAY, b"[9]", "ab" * 32, AT, "m", "c"), AT, is_replay=False)
        raise ZeroDivisionError
    assert load_head(database.home) == head


def test_an_old_copy_of_the_database_alone_is_refused(tmp_path: Path) -> None:
    """Put back over the file itself, so that it is the same file and only the head tells."""
    home = Home(tmp_path / "home").create()
    database = Database(home)
    publish(database, 3)
    older = sqlite3.connect(tmp_path / "older.db")
    with sqlite3.connect(home.database) as source:
        source.backup(older)
    publish(database, 2)
    database.close()
    with sqlite3.connect(home.database) as target:
        older.backup(target)
    older.close()
    database = reopen(home)
    with pytest.raises(StateCopied, match=r"knows 5 entries.*here is 3 entries.*assay log new"):
        publish(database, word="b")
    with pytest.raises(StateCopied):
        ledger.open_log(database, FixedClock(AT))
    lost = load_head(home)
    assert lost is not None
    before = the_log(database)
    after = ledger.start_new_log(database, FixedClock(AT + SECOND))
    assert (after.number, after.origin != before.origin) == (2, True)
    [said] = publish(database, at=AT + SECOND, word="b")
    with database.read() as connection:
        statement = orjson.loads(ledger.read_entries(connection, 2, 0, 1)[0])
        kept = ledger.load_checkpoint(connection, 1)
        keys = [ledger.list_log_keys(connection, number)[0].public_key for number in (1, 2)]
        assert ledger.load_position(connection, said.sequence) == (2, 1)
        assert ledger.load_position(connection, 1) == (1, 0)
    assert kept is not None
    assert keys[0] != keys[1]
    assert statement["kind"] == "log"
    assert statement["origin"] == after.origin
    assert statement["previous"] == {"origin": before.origin, "size": 3, "root": kept.root.hex()}
    assert statement["heads"] == [{"origin": before.origin, "size": 5, "root": lost.root.hex()}]
    assert check(database).size == 2
    database.close()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_clone_is_refused_and_the_original_goes_on(tmp_path: Path, moment: str) -> None:
    home = Home(tmp_path / "home").create()
    database = Database(home)
    publish(database, 3)
    database.close()
    shutil.copytree(home.path, tmp_path / "clone", copy_function=shutil.copy2)
    original, clone = reopen(home), reopen(Home(tmp_path / "clone"))
    if moment == "after":
        publish(original)
    with pytest.raises(StateCopied, match="grew in another one"):
        publish(clone, word="b")
    publish(original, word="c")
    ledger.start_new_log(clone, FixedClock(AT))
    publish(clone, word="b")
    assert the_log(clone).origin != the_log(original).origin
    assert check(clone).size == 2
    original.close()
    clone.close()


def test_a_folder_may_be_renamed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    database = Database(home)
    publish(database)
    database.close()
    home.path.rename(tmp_path / "renamed")
    database = reopen(Home(tmp_path / "renamed"))
    publish(database)
    database.close()


def test_a_lost_database_does_not_begin_a_log_anew_in_silence(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    database = Database(home)
    publish(database, 3)
    origin = the_log(database).origin
    database.close()
    for path in home.path.glob("assay.db*"):
        path.unlink()
    database = reopen(home)
    with pytest.raises(StateCopied, match=r"here is no log\."):
        publish(database)
    after = ledger.start_new_log(database, FixedClock(AT))
    publish(database)
    with database.read() as connection:
        statement = orjson.loads(ledger.read_entries(connection, after.number, 0, 1)[0])
    assert statement["previous"] is None
    assert [item["origin"] for item in statement["heads"]] == [origin]
    database.close()


def test_on_postgresql_another_database_is_another_place(
    tmp_path: Path, postgres_url: str, other_postgres_url: str
) -> None:
    home = Home(tmp_path / "home", SecretStr(postgres_url)).create()
    database = Database(home)
    publish(database, 2)
    copy = Database(Home(tmp_path / "home", SecretStr(other_postgres_url)))
    names = ("publications", "logs", "log_keys", "log_entries", "log_tiles", "log_checkpoints")
    with database.read() as source, copy.write() as target:
        for name in names:
            table = ledger_table(name)
            target.execute(
                table.insert(), [dict(row) for row in source.execute(table.select()).mappings()]
            )
    with pytest.raises(StateCopied, match="grew in another one"):
        publish(copy)
    publish(database)
    copy.close()
    database.close()


def seen(database: Database, size: int, state: HeadState, root: bytes | None = None) -> OutsideView:
    return OutsideView((OutsideHead("witness.example", size, state, root),))


def test_what_others_know_halts_the_log_until_it_is_met(database: Database) -> None:
    publish(database, 3)
    log = the_log(database)
    ahead = seen(database, 5, HeadState.AHEAD)
    ledger.keep_view(database.home, log, ahead)
    with pytest.raises(StateCopied, match=r"witness\.example knows 5 entries"):
        publish(database)
    # Nobody could be asked: what was seen still holds.
    ledger.keep_view(database.home, log, OutsideView((), (("witness.example", "timed out"),)))
    with database.read() as connection:
        assert [head.size for head in ledger.list_unmet(connection, database.home, log)] == [5]
    for root in (b"\1" * 32, None):
        ledger.keep_view(database.home, log, seen(database, 3, HeadState.FORKED, root))
        with pytest.raises(StateCopied, match="3 entries of"):
            publish(database)
    ledger.keep_view(database.home, log, seen(database, 3, HeadState.AGREES))
    publish(database)


def test_a_moved_home_goes_on_only_where_somebody_outside_confirms(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    database = Database(home)
    publish(database, 3)
    database.close()
    shutil.copytree(home.path, tmp_path / "moved")
    shutil.rmtree(home.path)
    moved = reopen(Home(tmp_path / "moved"))
    with pytest.raises(StateCopied):
        publish(moved)
    nobody = OutsideView()
    behind = seen(moved, 2, HeadState.AGREES)
    for view in (nobody, behind):
        with pytest.raises(Conflict, match="No witness and no anchor confirms"):
            ledger.resume_log(moved, view, AT)
    with pytest.raises(StateCopied, match="knows 4"):
        ledger.resume_log(moved, seen(moved, 4, HeadState.AHEAD), AT)
    log = ledger.resume_log(moved, seen(moved, 3, HeadState.AGREES), AT)
    assert log.number == 1
    publish(moved)
    assert check(moved).size == 4
    moved.close()


def append_many(path: str, url: str | None, word: str, gate: object) -> None:
    """What a process of its own does beside another one."""
    database = Database(Home(Path(path), SecretStr(url) if url else None))
    gate.wait()  # type: ignore[attr-defined]
    for _ in range(20):
        publish(database, 2, word=word)
    database.close()


@pytest.mark.slow
def test_two_appenders_at_once_make_one_log(each_home: Home) -> None:
    database = Database(each_home)
    publish(database)
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(2)
    url = each_home.reveal_database_url()
    workers = [
        context.Process(target=append_many, args=(str(each_home.path), url, word, gate))
        for word in ("b", "c")
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    report = check(database)
    assert (report.size, report.checkpoints) == (81, 41)
    head = load_head(each_home)
    assert head is not None
    assert head.size == 81
    database.close()
