"""How the processes of an installation share one limit: each leases tokens in blocks.

A process asks a `LimitStore` for a block, spends it request by request without asking again, and
says each second what it spent. The stores (`store/limits.py`: the database, `redis_limits.py`:
rates in Redis) pass one conformance suite.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

BLOCKS = 32
"""A lease is this part of a limit: what one process may hold while another is refused."""
LEASE_S = 15
"""A lease of a month's quota that is not renewed for so long has ended: its process died."""


@dataclass(frozen=True, slots=True)
class MeterKey:
    """One limit of one account: a rate (a minute's tokens refill), or a calendar month's quota.

    `name` is unique; that of a quota ends in its month (UTC), `:2026-11`.
    """

    name: str
    account_id: str
    limit: int
    is_quota: bool = False

    @property
    def block(self) -> int:
        """How many tokens are leased at once."""
        return max(1, self.limit // BLOCKS)


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer to a lease: tokens granted (0 to a block), what is left for others, seconds until
    the limit is whole again, and seconds until it is worth asking again (0: at once).
    """

    granted: int
    left: int
    reset_s: float
    retry_s: float


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of leased tokens since the last settlement: spent, and given back unspent. A rate
    is given back less than none where more was spent than leased (a list in bulk).
    """

    key: MeterKey
    spent: int
    returned: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests of one account and key (empty: a session) to one group of routes."""

    account_id: str
    key_id: str
    group: str
    requests: int


class LimitStore(Protocol):
    """Where the limits of all processes meet. Blocking: called in a thread.

    Raises an AssayError with `retryable` where the store cannot be reached.
    """

    def lease(self, keys: Sequence[MeterKey]) -> list[Grant]:
        """A block of each key's tokens, or what is left of it."""
        ...

    def settle(self, settlements: Sequence[Settlement], usage: Sequence[Usage]) -> None:
        """Book what was spent and used, take back what was not, renew what is held."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
