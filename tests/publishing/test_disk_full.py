"""A disk that fills up while statements are published: whole ones stand, the next run goes on."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.migrations.worlds import read_rows
from tests.publishing.conftest import CLOCK, CLOSES, DAYS

from assay import publishing
from assay.kit.database import Database
from assay.kit.home import Home

LIMITED = """
import resource, sys, types
package = sys.modules["tests"] = types.ModuleType("tests")
package.__path__ = [sys.argv[1]]
from pathlib import Path
from tests.publishing.conftest import CLOCK, CLOSES
from assay import publishing
from assay.kit.database import Database
from assay.kit.home import Home
home = Home(Path(sys.argv[2]))
database = Database(home)
room = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
publishing.publish_missing(home, database, CLOSES, CLOCK)
"""


@pytest.mark.slow
@pytest.mark.parametrize("room", [20_000, 70_000, 100_000])
def test_the_days_before_stand_and_the_rest_follows_when_there_is_room(
    home: Home, tmp_path: Path, room: int
) -> None:
    tests = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", LIMITED, tests, str(home.path), str(room)]
    Database(home).close()
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "StorageFull: The database could not be written: the disk is full" in ended.stderr
    database = Database(home)
    stood = read_rows(database)["publications"]
    assert len(stood) < DAYS
    owed = publishing.publish_missing(home, database, CLOSES, CLOCK)
    assert owed == DAYS - len(stood)
    after = read_rows(database)["publications"]
    assert len(after) == DAYS
    assert set(stood) <= set(after)
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    database.close()
