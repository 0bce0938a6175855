"""Two processes may write at once, a reader sees one state, a damaged file is named."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assay.kit.database import Database
from assay.kit.errors import Corrupt
from assay.kit.home import Home


def test_writers_wait_for_each_other_instead_of_failing(tmp_path: Path) -> None:
    databases = [Database(Home(tmp_path)) for _ in range(4)]
    with databases[0].write() as connection:
        connection.exec_driver_sql("CREATE TABLE counter (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO counter VALUES (0)")

    def add(database: Database) -> None:
        for _ in range(25):
            with database.write() as connection:
                seen = connection.exec_driver_sql("SELECT n FROM counter").scalar()
                connection.exec_driver_sql("UPDATE counter SET n = ?", (int(seen or 0) + 1,))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, databases))
    with databases[0].read() as connection:
        assert connection.exec_driver_sql("SELECT n FROM counter").scalar() == 100
    for database in databases:
        database.close()


def test_a_reader_keeps_its_view_while_another_writes(tmp_path: Path) -> None:
    database = Database(Home(tmp_path))
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE item (n INTEGER)")
    with database.read() as reader:
        before = reader.exec_driver_sql("SELECT count(*) FROM item").scalar()
        with database.write() as writer:
            writer.exec_driver_sql("INSERT INTO item VALUES (1)")
        assert reader.exec_driver_sql("SELECT count(*) FROM item").scalar() == before
    database.close()


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.database.write_bytes(b"this is not a database" * 100)
    with pytest.raises(Corrupt, match="damaged"):
        Database(home)
