"""When the known past changed: the moments after which an earlier day looks different."""

from datetime import UTC, datetime, timedelta

from assay.kit.home import Home
from assay.markets.compute.assemble import is_late
from assay.markets.store.panels import load_generation

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
