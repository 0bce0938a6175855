"""Killed at the worst moments, a deliverer loses nothing and repeats at most one message a kill.

On PostgreSQL, and hundreds of times: soak/test_alerts.py.
"""

from pathlib import Path

import pytest
from tests.alerts.crashing import deliver_under_fire

from assay.kit.home import Home

MESSAGES = 30
WORST = 4


@pytest.mark.slow
def test_killed_at_any_point_nothing_is_lost_and_little_repeated(tmp_path: Path) -> None:
    found = deliver_under_fire(Home(tmp_path), MESSAGES, WORST)
    assert found.lost == 0
    assert found.repeats <= found.interrupted <= found.kills, found
    assert found.repeats >= found.hits >= WORST, found
