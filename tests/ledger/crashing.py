"""A process that publishes without end is killed at any moment; what then lies in the database."""

import subprocess
import sys
import time
from dataclasses import dataclass, field

import numpy as np
from tests.ledger.growing import check, the_head, the_log

from assay import ledger
from assay.kit.database import Database
from assay.kit.home import Home
from assay.ledger.compute.tree import Tree
from assay.ledger.service.heads import load_head
from assay.verifier import is_consistent

LONGEST_S = 0.05
"""Longer than a transaction takes, so that every part of one is hit."""

PUBLISH = """
import itertools, sys
from pathlib import Path
from pydantic import SecretStr
from tests.ledger.growing import publish
from assay import ledger
from assay.kit.database import Database
from assay.kit.home import Home
database = Database(Home(Path(sys.argv[1]), SecretStr(sys.argv[2]) if sys.argv[2] else None))
many = int(sys.argv[3])
for number in itertools.count():
    with database.read() as connection:
        left = many - ledger.load_version(connection)
    if left <= 0:
        break
    publish(database, min(left, 1 + number % 5))
    print("said", flush=True)
"""


@dataclass
class Killed:
    """What was seen of the log after each kill."""

    home: Home
    seed: int
    heads: list[tuple[int, bytes]] = field(default_factory=list)
    kills: int = 0

    def run(self, many: int, kills: int) -> None:
        """Publish up to `many` things in all, killed `kills` times on the way, then to the end."""
        chance = np.random.default_rng(self.seed)
        for number in range(1, kills + 1):
            batches = int(chance.integers(1, max(1, many // (4 * kills)) + 1))
            self._publish(many, batches, float(chance.uniform(0.0, LONGEST_S)))
            self.look(f"kill {number}")
        self._publish(many, None, 0.0)
        self.look("the end")
        assert self.heads[-1][0] == many

    def look(self, when: str) -> None:
        """No publication without its leaf, no leaf without its publication, no two checkpoints that
        disagree, those outside the database included.
        """
        database = Database(self.home)
        try:
            with database.read() as connection:
                if ledger.load_log(connection) is None:
                    assert ledger.load_version(connection) == 0, when
                    return
                said = ledger.load_version(connection)
                assert ledger.list_unmet(connection, self.home, the_log(database)) == [], when
            report = check(database)
            assert report.size == said, when
            signed = the_head(database)
            self.heads.append((signed.size, signed.root))
            head = load_head(self.home)
            assert head is None or head.size <= signed.size, when
            with database.read() as connection:
                tree = Tree(said, lambda lvl, i: ledger.read_tile(connection, 1, lvl, i))
                for size, root in self.heads:
                    proof = tree.prove_consistency(size, said)
                    assert is_consistent(size, root, said, signed.root, proof), (when, size)
        finally:
            database.close()

    def _publish(self, many: int, batches: int | None, wait_s: float) -> None:
        url = self.home.reveal_database_url() or ""
        command = [sys.executable, "-c", PUBLISH, str(self.home.path), url, str(many)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            if batches is None:
                child.communicate()
                assert child.returncode == 0
                return
            for _ in range(batches):
                if not child.stdout.readline():
                    break
            time.sleep(wait_s)
            child.kill()
            self.kills += 1
