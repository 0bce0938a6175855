"""When the known past changed: the moments after which an earlier day looks different."""

from datetime import UTC, datetime, timedelta

from assay.kit.home import Home
from assay.markets.compute.assemble import is_late
from assay.markets.store.lake import table_path
from assay.markets.store.panels import current_name, load_generation
from assay.markets.types import Interval

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def list_revision_moments(home: Home) -> list[datetime]:
    """Ascending moments at which corrections of daily candles or late redenominations became known.

    Two days see the same past exactly if no moment lies between their closes. Raises NotFound
    before the first import.
    """
    generation = load_generation(home)
    moments = {_EPOCH + timedelta(microseconds=int(known)) for known in generation.late.known_at}
    moments |= {change.known_at for _, change in generation.changes if is_late(change)}
    return sorted(moments)


def load_facts_version(home: Home) -> str | None:
    """A word that changes exactly when a panel or a table of the lake does, in a few file looks.

    None before the first load.
    """
    generation = current_name(home)
    if generation is None:
        return None
    logs = (table_path(home, interval) / "_delta_log" for interval in Interval)
    changes = (log.stat().st_mtime_ns if log.is_dir() else 0 for log in logs)
    return "-".join([generation, *(str(change) for change in changes)])
