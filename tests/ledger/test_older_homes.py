"""A home that an older version made is brought up to date when it is opened."""

import sqlite3
from pathlib import Path

from assay import ledger
from assay.kit.database import Database
from assay.kit.home import Home


def test_a_database_of_an_older_version_gets_the_columns_it_lacks(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    Database(home).close()
    with sqlite3.connect(home.database) as connection:
        connection.execute("ALTER TABLE publications DROP COLUMN hour")
    database = Database(home)
    with database.read() as connection:
        assert ledger.load_version(connection) == 0
        columns = connection.exec_driver_sql("PRAGMA table_info(publications)").all()
    database.close()
    assert "hour" in {column[1] for column in columns}
