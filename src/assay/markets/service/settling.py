"""Making the store whole again after a crash: the lake's commits decide, the rest follows."""

from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.markets.service.building import daily_imports, is_current, refresh_panel
from assay.markets.service.reading import shipped_registry
from assay.markets.store.lake import is_committed, remove_orphans
from assay.markets.store.records import extend_registry, load_imports, opened, settle

LOCK = "markets"


def reconcile(home: Home, progress: Progress) -> int:
    """Settle imports that a crash left open and bring the panel up to the lake.

    An import whose commit is in the lake is kept, any other is removed with its tokens and its
    quarantine rows. Returns how many were open. Waits for the writer's lock.
    """
    with home.lock(LOCK), opened(home) as database:
        return reconcile_locked(home, database, progress)


def reconcile_locked(home: Home, database: Database, progress: Progress) -> int:
    """`reconcile` for a caller that holds the lock."""
    unsettled = [row for row in load_imports(database) if not row.is_done]
    for row in unsettled:
        settle(database, row.import_id, is_committed=is_committed(home, row.import_id))
    if unsettled:
        remove_orphans(home)
    refresh_panel(
        home, extend_registry(database, shipped_registry()), daily_imports(database), progress
    )
    return len(unsettled)


def is_settled(home: Home) -> bool:
    """True if no import is open and the panel holds all of the daily ones."""
    with opened(home) as database:
        if not all(row.is_done for row in load_imports(database)):
            return False
        daily = daily_imports(database)
        registry = extend_registry(database, shipped_registry())
    return not daily or is_current(home, registry, daily)
