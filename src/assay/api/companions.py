"""What runs beside the answers in the same process: feeds, the watch over rules, deliveries."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from prometheus_client import Metric

    from assay.api.state import ApiState


class Companion(Protocol):
    """Runs in threads of its own from `start` to `stop`; neither waits for the network."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End, and wait for its threads."""
        ...

    def expose(self) -> "Iterable[Metric]":
        """Its figures, for `/metrics`."""
        ...


OpenCompanion = Callable[["ApiState"], Companion]
"""Makes one over the state of the serving process: its database, bus, clock and settings."""
