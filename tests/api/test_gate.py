"""Places in which lists are streamed: few altogether, and not all of them for one account."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from tests.api.keyed import make_keyed

from assay.api.gate import BulkGate
from assay.kit.errors import Busy, RateLimited


def test_one_account_has_half_of_the_places() -> None:
    gate = BulkGate(limit=4)
    with contextlib.ExitStack() as taken:
        for _ in range(2):
            taken.enter_context(gate.enter("acc_slow"))
        with pytest.raises(RateLimited, match="2 of your lists"), gate.enter("acc_slow"):
            pass
        for _ in range(2):
            taken.enter_context(gate.enter("acc_other"))
        with pytest.raises(Busy), gate.enter("acc_third"):
            pass
    with gate.enter("acc_slow"):
        assert gate.active == 1
    assert gate.active == 0


def test_a_slow_reader_leaves_places_to_others(tmp_path: Path) -> None:
    keyed = make_keyed(tmp_path)
    for name in ("slow", "other"):
        keyed.add_account(name)
        keyed.add_key(name, name)
    gate = keyed.app.state.bulk
    with gate.enter(keyed.ids["slow"]), gate.enter(keyed.ids["slow"]):
        refused = asyncio.run(keyed.ask("/v1/tokens?format=csv", "slow"))
        served = asyncio.run(keyed.ask("/v1/tokens?format=csv", "other"))
    assert (refused.status, refused.json["code"]) == (429, "rate-limited")
    assert int(refused.header("retry-after")) > 0
    assert served.status == 200
    assert asyncio.run(keyed.ask("/v1/tokens?format=csv", "slow")).status == 200
    keyed.app.state.close()


def test_who_has_no_account_may_take_every_place() -> None:
    """In open local mode everybody is one person."""
    gate = BulkGate(limit=4)
    with contextlib.ExitStack() as taken:
        for _ in range(4):
            taken.enter_context(gate.enter(None))
        with pytest.raises(Busy), gate.enter(None):
            pass
