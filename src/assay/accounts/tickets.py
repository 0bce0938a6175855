"""Tickets: what opens one stream, once, within seconds.

Browsers cannot send headers with a WebSocket, and a key must not stand in a URL. A ticket may: once
it was used or has expired it opens nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from assay.accounts.store import proofs
from assay.accounts.tokens import mint_token
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import RateLimited

TICKET_LIFE: Final = timedelta(seconds=30)
MOST_TICKETS: Final = 100


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket; its text is shown only here."""

    text: str
    expires_at: datetime


def create_ticket(database: Database, clock: Clock, account_id: str, ref: str) -> Ticket:
    """A ticket for the credential `ref` of an account. Raises RateLimited while too many wait."""
    minted = mint_token(proofs.TICKET_PREFIX)
    now = clock.now()
    expires_at = now + TICKET_LIFE
    with database.write() as connection:
        proofs.delete_expired_proofs(connection, now)
        if proofs.count_tickets(connection, account_id, now) >= MOST_TICKETS:
            raise RateLimited(
                f"{MOST_TICKETS} of your tickets wait to be used.",
                hint="Use them, or wait until they expire.",
                retry_after_s=TICKET_LIFE.total_seconds(),
            )
        stored = (minted.token_id, minted.secret_sha256)
        proofs.insert_ticket(connection, account_id, ref, stored, expires_at)
    return Ticket(minted.text, expires_at)


def redeem_ticket(database: Database, clock: Clock, text: str) -> str | None:
    """Use a ticket up: the credential that bought it; None if it is unknown, used or expired."""
    with database.write() as connection:
        return proofs.take_ticket(connection, text, clock.now())
