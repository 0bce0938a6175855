"""What is deleted after how long, over all rooms. docs/operations.md has the same as a table."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assay import accounts, alerts
from assay.kit import idempotency
from assay.kit.atomic import remove_directory
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.home import Home

KEEP_COPIES = timedelta(days=30)
KEEP_LEFTOVERS = timedelta(days=1)


def clean(home: Home, database: Database, clock: Clock) -> Mapping[str, int]:
    """Delete what was kept long enough; how much of what. Workers call it every day.

    Jobs are not here: whoever runs them forgets them.
    """
    deleted = dict(accounts.delete_old(database, clock))
    deleted["deliveries of alerts"] = alerts.delete_old_deliveries(database, clock)
    deleted["events of alerts"] = alerts.delete_old_events(database, clock)
    with database.write() as connection:
        deleted["answers to repeated requests"] = idempotency.delete_old(connection, clock.now())
    deleted["copies from before an upgrade"] = _delete(list_copies(home), clock, KEEP_COPIES)
    # What was deleted must leave the files too; a reader in the way leaves it for tomorrow.
    database.clear_traces()
    deleted["leftovers of crashes"] = _delete(list_leftovers(home), clock, KEEP_LEFTOVERS)
    return deleted


def list_copies(home: Home) -> list[Path]:
    """Copies of the database that upgrades left."""
    return sorted(home.path.glob(f"{home.database.name}.*-to-*"))


def list_leftovers(home: Home) -> list[Path]:
    """What a process that was killed had not finished writing; nobody reads it."""
    patterns = (".*.tmp", "*.partial", "artefacts/.*.tmp", "panel/.*.staged", ".restoring")
    return sorted(path for pattern in patterns for path in home.path.glob(pattern))


def _delete(paths: list[Path], clock: Clock, keep: timedelta) -> int:
    count = 0
    for path in paths:
        try:
            changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except FileNotFoundError:
            continue
        if clock.now() - changed >= keep:
            count += 1
            if path.is_dir():
                remove_directory(path)
            else:
                path.unlink(missing_ok=True)
    return count
