"""The minute's work: news reach the witnesses once a minute, the chain in its cadence."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.ledger.chain import Node, running_node
from tests.ledger.outside_world import NOW, copy_log, grow, load_log, log_keys, newest, opened
from tests.ledger.test_anchors import deploy, states
from tests.ledger.witness import SmallWitness, running_witness

from assay import ledger
from assay.kit.database import Database
from assay.kit.errors import StateCopied
from assay.kit.upstream import Breaker, Upstreams
from assay.ledger import Outside

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Hands:
    """A clock that is set by hand."""

    at: datetime = NOW
    is_replay: bool = False

    def now(self) -> datetime:
        return self.at

    def go(self, **step: float) -> None:
        self.at += timedelta(**step)


@dataclass
class Scene:
    database: Database
    witness: SmallWitness
    clock: Hands
    outside: Outside

    def watch(self, outside: Outside | None = None) -> int:
        """How many requests the witness got by one look."""
        before = len(self.witness.requests)
        # Nobody is left alone: these tests are about our own turns.
        calm = Upstreams(make_breaker=lambda: Breaker(limit=1_000_000))
        ledger.watch(self.database, outside or self.outside, self.clock, upstreams=calm)
        return len(self.witness.requests) - before

    def failures(self) -> dict[str, int]:
        with self.database.read() as connection:
            return ledger.list_failures(connection)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = Hands()
    with (
        opened(tmp_path / "home") as database,
        running_witness(tmp_path / "witness.json", clock.now) as witness,
    ):
        grow(database, 2)
        witness.logs[load_log(database).origin] = log_keys(database)
        yield Scene(database, witness, clock, Outside((witness.witness,)))


def test_news_go_out_once_a_minute(scene: Scene) -> None:
    assert scene.watch() == 1
    assert scene.watch() == 0
    grow(scene.database)
    assert scene.watch() == 0, "the minute is not over"
    scene.clock.go(seconds=59)
    assert scene.watch() == 0
    scene.clock.go(seconds=1)
    assert scene.watch() == 1
    assert scene.witness.load(load_log(scene.database).origin)[0] == 3
    scene.clock.go(hours=5)
    assert scene.watch() == 0, "there is no news"
    assert scene.failures() == {"witness w.example": 0}


def test_only_one_process_has_a_turn(scene: Scene, tmp_path: Path) -> None:
    with opened(scene.database.home.path) as other:
        second = replace(scene, database=other)
        assert [scene.watch(), second.watch()] == [1, 0]
        grow(scene.database)
        scene.clock.go(minutes=1)
        assert [second.watch(), scene.watch()] == [1, 0]


def test_a_witness_in_trouble_is_left_alone_ever_longer(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.witness.logs.clear()
    asked = []
    for _ in range(90):
        asked.append(scene.watch())
        scene.clock.go(minutes=1)
    # After 1, 2, 4, 8, 16, 32 minutes.
    assert [minute for minute, count in enumerate(asked) if count] == [0, 1, 3, 7, 15, 31, 63]
    assert scene.failures() == {"witness w.example": 7}
    assert "does not know the log's origin" in caplog.text
    scene.witness.logs[load_log(scene.database).origin] = log_keys(scene.database)
    # Never longer than an hour, also where the clock was set back meanwhile.
    scene.clock.go(hours=1)
    assert scene.watch() == 1
    assert scene.failures() == {"witness w.example": 0}
    grow(scene.database)
    scene.clock.go(hours=-2)
    assert scene.watch() >= 1


def test_one_witness_in_trouble_does_not_slow_the_others(scene: Scene, tmp_path: Path) -> None:
    with running_witness(tmp_path / "gone.json", scene.clock.now, "gone.example") as gone:
        both = Outside((scene.witness.witness, gone.witness))
    for size in (2, 3, 4):
        scene.watch(both)
        assert scene.witness.load(load_log(scene.database).origin)[0] == size
        grow(scene.database)
        scene.clock.go(minutes=1)
    assert scene.failures() == {"witness w.example": 0, "witness gone.example": 2}


def test_a_fork_is_told_loudly_and_stops_the_log(
    scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path / "copy") as copy:
        copy_log(scene.database, copy)
        grow(scene.database)
        scene.watch()
        grow(copy, 2, "b")
        forked = replace(scene, database=copy)
        scene.clock.go(minutes=1)
        forked.watch()
        (line,) = [item for item in caplog.records if item.levelno == logging.CRITICAL]
        assert "the log has forked" in line.getMessage()
        with pytest.raises(StateCopied):
            grow(copy, 1, "b")
    grow(scene.database)


@pytest.mark.slow
def test_anchors_are_written_in_their_cadence(scene: Scene) -> None:
    with running_node() as node:
        chain = deploy(scene.database, node, confirmations=2)
        by_hand = Outside(chain=chain)
        often = Outside(chain=chain, anchor_every_h=6)
        scene.watch(by_hand)
        assert states(scene.database) == []
        scene.watch(often)
        assert states(scene.database) == ["sent"]
        node.mine()
        scene.watch(often)
        assert states(scene.database) == ["final"]
        grow(scene.database)
        scene.clock.go(hours=5)
        scene.watch(often)
        assert states(scene.database) == ["final"]
        scene.clock.go(hours=1)
        scene.watch(often)
        assert states(scene.database) == ["final", "sent"]
        node.mine()
        # Whoever has only the contract configured still sees it through.
        scene.clock.go(minutes=1)
        scene.watch(by_hand)
        assert states(scene.database) == ["final", "final"]
        often = _drain(node, scene)
    scene.clock.go(minutes=1)
    scene.watch(often)
    assert scene.failures()["settle anchors"] == 1, "the node is gone"


def _drain(node: Node, scene: Scene) -> Outside:
    """A node that is there and an account without a coin: named, and tried again later."""
    address = ledger.Anchoring(scene.database, node.chain(), scene.clock).status().address
    node.fund(address, 0)
    grow(scene.database)
    scene.clock.go(hours=6)
    chain = deploy(scene.database, node)
    node.fund(address, 0)
    often = Outside(chain=chain, anchor_every_h=6)
    scene.watch(often)
    assert scene.failures()["anchor"] == 1
    scene.clock.go(minutes=1)
    node.fund(address)
    scene.watch(often)
    assert scene.failures()["anchor"] == 0
    assert states(scene.database)[-1] == "sent"
    return often


@pytest.mark.slow
def test_a_worker_keeps_the_lookout(tmp_path: Path) -> None:
    """The real process: it submits by itself, and goes on without the witness."""
    with opened(tmp_path / "home") as database:
        grow(database, 2)
        keys, origin = log_keys(database), load_log(database).origin
        head = newest(database)
    now = newest_time()
    with running_witness(tmp_path / "witness.json", lambda: now) as witness:
        witness.logs[origin] = keys
        environment = {
            **os.environ,
            "ASSAY_HOME": str(tmp_path / "home"),
            "ASSAY_WITNESSES": witness.setting,
        }
        command = [sys.executable, "-m", "assay", "worker"]
        with subprocess.Popen(command, env=environment, cwd=ROOT) as worker:
            try:
                while witness.load(origin) != (2, head.root):
                    assert worker.poll() is None, "the worker ended"
                    time.sleep(0.05)
            finally:
                worker.terminate()
    assert worker.returncode == 0


def newest_time() -> datetime:
    from assay.kit.clock import SystemClock  # noqa: PLC0415

    return SystemClock().now()
