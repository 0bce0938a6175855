"""The log under kill -9: 20 times during 1,000 publications, on both databases."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.ledger.crashing import Killed
from tests.services import own_database

from assay.kit.home import Home


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_twenty_kills_on_sqlite(tmp_path: Path, seed: int) -> None:
    killed = Killed(Home(tmp_path / "home").create(), seed)
    killed.run(many=1_000, kills=20)
    assert killed.kills == 20


def test_twenty_kills_on_postgresql(tmp_path: Path) -> None:
    with own_database() as url:
        killed = Killed(Home(tmp_path / "home", SecretStr(url)).create(), 4)
        killed.run(many=1_000, kills=20)
        assert killed.kills == 20
