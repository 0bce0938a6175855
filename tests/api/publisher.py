"""Publishes into a world's ledger from a process of its own, a batch for each line of its input."""

import sys
from pathlib import Path

from pydantic import SecretStr
from tests.api.spoken import SAID_AT, make_draft
from tests.api.world import NEWEST, make_registry, make_rows

from assay import ledger
from assay.kit.database import Database
from assay.kit.home import Home

TRANSACTIONS = 13


def publish(home: str, url: str) -> None:
    """Say the size of the log on stdout after each batch of transactions of 1 to 13 entries."""
    database = Database(Home(Path(home), SecretStr(url) if url else None))
    rows = make_rows(make_registry(), NEWEST)[:3]
    number = 0
    for _ in sys.stdin:
        for count in range(1, TRANSACTIONS + 1):
            with ledger.write_ledger(database) as writer:
                for _ in range(count):
                    number += 1
                    draft = make_draft(f"grades.test{number}", NEWEST, rows)
                    writer.save(draft, SAID_AT, is_replay=False)
        with database.read() as connection:
            signed = ledger.load_checkpoint(connection)
        sys.stdout.write(f"{0 if signed is None else signed.size}\n")
        sys.stdout.flush()
    database.close()
