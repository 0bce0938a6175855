"""What a database promises, on SQLite and on PostgreSQL alike."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from assay.kit.database import Database
from assay.kit.errors import BadInput, Busy
from assay.kit.home import Home

words = MetaData()
items = Table("items", words, Column("n", BigInteger, primary_key=True, autoincrement=False))

OPEN = """
import sys
from pathlib import Path
from pydantic import SecretStr
from sqlalchemy import text
from assay.kit.database import Database
from assay.kit.home import Home
database = Database(Home(Path(sys.argv[1]), SecretStr(sys.argv[2]) if sys.argv[2] else None))
def add():
    with database.write() as connection:
        last = connection.execute(text("SELECT max(n) FROM items")).scalar() or 0
        connection.execute(text("INSERT INTO items VALUES (:n)"), {"n": last + 1})
"""
ADD_300 = f"{OPEN}[add() for _ in range(300)]\n"
STAY_INSIDE = f"""{OPEN}
with database.write() as connection:
    connection.execute(text("INSERT INTO items VALUES (1000000)"))
    print("inside", flush=True)
    sys.stdin.read()
"""  # noqa: S608


def start(home: Home, program: str) -> subprocess.Popen[str]:
    url = home.reveal_database_url() or ""
    command = [sys.executable, "-c", program, str(home.path), url]
    return subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True)


@pytest.fixture
def database(each_home: Home) -> Iterator[Database]:
    database = Database(each_home)
    with database.write() as connection:
        words.create_all(connection)
    yield database
    database.close()


def add(database: Database, *numbers: int) -> None:
    with database.write() as connection:
        connection.execute(items.insert(), [{"n": number} for number in numbers])


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(items)).scalar_one())


def test_a_block_commits_at_its_end_and_an_error_leaves_nothing(database: Database) -> None:
    add(database, 1, 2)
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(items.insert(), {"n": 3})
        _ = 1 // 0
    assert count(database) == 2
    with pytest.raises(IntegrityError):
        add(database, 3, 1)
    assert count(database) == 2
    add(database, 3)
    assert count(database) == 3


def test_a_reader_keeps_its_view_while_another_writes(database: Database) -> None:
    with database.read() as reader:
        before = reader.execute(select(func.count()).select_from(items)).scalar()
        add(database, 1)
        assert reader.execute(select(func.count()).select_from(items)).scalar() == before
    assert count(database) == 1


def test_nothing_is_written_through_a_reading_block(database: Database) -> None:
    with pytest.raises((DBAPIError, BadInput)), database.read() as connection:
        connection.execute(items.insert(), {"n": 1})
    assert count(database) == 0


def test_writers_wait_for_each_other_instead_of_failing(each_home: Home) -> None:
    databases = [Database(each_home) for _ in range(4)]
    with databases[0].write() as connection:
        words.create_all(connection)
        connection.execute(items.insert(), {"n": 0})

    def increase(database: Database) -> None:
        for _ in range(25):
            with database.write() as connection:
                seen = int(connection.execute(select(items.c.n)).scalar_one())
                connection.execute(items.update().values(n=seen + 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(increase, databases))
    with databases[0].read() as connection:
        assert connection.execute(select(items.c.n)).scalar() == 100
    for database in databases:
        database.close()


def test_what_commits_later_has_the_larger_number(database: Database) -> None:
    """Whoever polls the newest number may never miss a smaller one that commits after it."""
    seen: list[int] = []

    def write() -> None:
        for _ in range(50):
            with database.write() as connection:
                last = connection.execute(select(func.max(items.c.n))).scalar() or 0
                connection.execute(items.insert(), {"n": int(last) + 1})

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write) for _ in range(3)]
        while not all(task.done() for task in writing):
            with database.read() as connection:
                numbers = connection.execute(select(items.c.n).order_by(items.c.n)).scalars().all()
            assert list(numbers) == list(range(1, len(numbers) + 1))
            seen.append(len(numbers))
        for task in writing:
            task.result()
    assert count(database) == 150
    assert seen == sorted(seen)


@pytest.mark.slow
def test_two_processes_write_300_times_each_and_none_fails(
    database: Database, each_home: Home
) -> None:
    writers = [start(each_home, ADD_300) for _ in range(2)]
    ends = [(*writer.communicate(), writer.returncode) for writer in writers]
    assert ends == [("", "", 0)] * 2
    assert count(database) == 600


@pytest.mark.slow
def test_a_writer_killed_in_the_middle_leaves_nothing_and_frees_its_turn(
    database: Database, each_home: Home
) -> None:
    with start(each_home, STAY_INSIDE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "inside\n"
        assert count(database) == 0
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(add, database, 7)
            os.kill(writer.pid, signal.SIGKILL)
            waiting.result()
        writer.communicate()
    with database.read() as connection:
        assert connection.execute(select(items.c.n)).scalars().all() == [7]


def test_values_stay_out_of_the_words_of_an_error(database: Database) -> None:
    with pytest.raises(DBAPIError) as failed, database.write() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:n)"), {"n": "hunter2"})
    assert "hunter2" not in f"{failed.value} {failed.value!r}"


def test_a_forked_child_uses_connections_of_its_own(database: Database) -> None:
    add(database, 1)
    child = os.fork()
    if child == 0:
        is_seen = count(database) == 1
        os._exit(0 if is_seen else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert count(database) == 1


def test_a_database_that_someone_else_writes_is_busy_after_a_wait(
    database: Database, each_home: Home
) -> None:
    with start(each_home, STAY_INSIDE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(Busy, match="another process"), database.write(wait_s=0.2):
            pass
        writer.communicate("")
