"""kill -9 in the middle of publishing leaves nothing half-said (soak/test_log.py: 20 times)."""

import pytest
from tests.ledger.crashing import Killed

from assay.kit.home import Home


@pytest.mark.slow
def test_a_killed_publisher_leaves_whole_transactions(each_home: Home) -> None:
    killed = Killed(each_home, seed=20_261_120)
    killed.run(many=100, kills=4)
    assert killed.kills == 4
