"""Bus: a word from one part to others that something may have changed, so that they look sooner.

Answers   who listens to a channel hears what is said on it from then on
Promises  a message may be lost (a full queue, a Redis that went away) and then nothing else is:
          whoever listens also looks by itself now and then
Adapters  MemoryBus within one process; RedisBus between processes and hosts (`ASSAY_REDIS_URL`)
"""

from assay.kit.bus.memory import MemoryBus
from assay.kit.bus.types import Bus, Subscription
from assay.kit.settings import Settings

CHANGES = "changes"
"""Something was published, or somebody's rights changed."""

JOBS = "jobs"
"""A job changed; the message is its id."""

LIVE = "live"
"""A price, book, candle or venue changed; the message is the update (`assay.feeds.types`)."""

ALERTS = "alerts"
"""An alert fired; the message is an update whose key is the account it belongs to."""


def open_bus(settings: Settings) -> Bus:
    """The bus of an installation."""
    if settings.redis_url is None:
        return MemoryBus()
    from assay.kit.bus.redis import RedisBus  # noqa: PLC0415 - takes a quarter of a second to load

    return RedisBus(settings.redis_url.get_secret_value())


__all__ = ["ALERTS", "CHANGES", "JOBS", "LIVE", "Bus", "MemoryBus", "Subscription", "open_bus"]
