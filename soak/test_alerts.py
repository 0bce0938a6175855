"""A thousand messages to a webhook and as many by mail, with hundreds of kills."""

from pathlib import Path

from pydantic import SecretStr
from tests.alerts.crashing import Outcome, deliver_under_fire
from tests.services import own_database

from assay.kit.home import Home


def check(found: Outcome, kills: int) -> None:
    assert found.lost == 0
    assert found.kills >= kills, found
    assert found.hits <= found.repeats <= found.interrupted <= found.kills, found


def test_hundreds_of_kills_lose_nothing_on_sqlite(tmp_path: Path) -> None:
    check(deliver_under_fire(Home(tmp_path), 1_000, 120), kills=300)


def test_dozens_of_kills_lose_nothing_on_postgresql(tmp_path: Path) -> None:
    with own_database() as url:
        check(deliver_under_fire(Home(tmp_path, SecretStr(url)), 200, 20), kills=50)
