"""Publishing: what is said enters the log in one transaction, signed before anyone can see it."""

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.ledger.compute.headers import (
    compute_digest,
    compute_header,
    derive_origin,
    name_publication,
)
from assay.ledger.compute.private import (
    SALT_BYTES,
    compute_commitment,
    compute_private_entry,
)
from assay.ledger.service.appending import Appender, Entry, open_end
from assay.ledger.service.checking import ensure_checked
from assay.ledger.service.heads import refuse_unmet, save_head
from assay.ledger.service.signing import load_signers
from assay.ledger.service.starting import open_or_start
from assay.ledger.store.log import load_checkpoint, load_log
from assay.ledger.store.publications import insert_publication, load_version
from assay.ledger.types import Draft, Log, PrivateStatement, Publication, SignedCheckpoint

LARGEST_STATEMENT = 2**20


class Writer:
    """One transaction of the ledger. All that is saved in it is signed at its end, or none."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.connection = connection
        self.entries: list[Entry] = []
        self._database = database
        self._end: Appender | None = None
        self._sequence = 0

    def save(self, draft: Draft, published_at: datetime, *, is_replay: bool) -> Publication:
        """Publish one draft, beside the rows that a room saves through `connection`.

        A clock up to a second behind the log's last entry is evened to it. Raises ClockBehind for
        one that is further behind, WrongLog, StateCopied, KeyUnusable and Corrupt.
        """
        published_at = self._find_time(published_at, is_replay=is_replay)
        origin = derive_origin(draft, published_at, is_replay)
        header = compute_header(draft, published_at, origin)
        digest = compute_digest(header)
        said = Publication(
            publication_id=name_publication(draft, digest),
            sequence=0,
            kind=draft.kind.name,
            as_of=draft.as_of,
            published_at=published_at,
            origin=origin,
            header=header,
            rows=draft.rows,
            digest=digest,
            inputs_digest=draft.inputs_digest,
            facts_recorded_by=draft.facts_recorded_by,
            model=draft.model,
            code=draft.code,
            corrects=draft.corrects,
            withdraws=draft.withdraws,
            hour=draft.hour,
        )
        said = replace(said, sequence=self._sequence + 1)
        insert_publication(self.connection, said)
        self._sequence = said.sequence
        self.entries.append(Entry(published_at, said.sequence, header))
        return said

    def save_private(
        self, account_id: str, statement: bytes, published_at: datetime, *, is_replay: bool
    ) -> PrivateStatement:
        """Tell the log of a statement without telling it: the entry holds only a salted hash. Salt
        and bytes are kept for the account alone and die with it.

        `accounts.publish_private` makes sure, in the same transaction, that the account exists.
        Raises BadInput for a statement of more than 1 MiB.
        """
        if len(statement) > LARGEST_STATEMENT:
            raise BadInput(
                f"A private statement holds at most {LARGEST_STATEMENT} bytes.",
                hint="Keep the file yourself and state its digest.",
            )
        published_at = self._find_time(published_at, is_replay=is_replay)
        salt = secrets.token_bytes(SALT_BYTES)
        commitment = compute_commitment(salt, statement)
        entry = compute_private_entry(commitment, published_at)
        told = PrivateStatement(account_id, published_at, statement, salt, commitment, entry)
        self.entries.append(Entry(published_at, None, entry, told))
        return told

    def sign(self) -> SignedCheckpoint | None:
        """Enter all that was saved and sign the tree; None where nothing was."""
        if self._end is None or not self.entries:
            return None
        self._end.add(self.entries)
        return self._end.sign(self.entries[-1].published_at)

    def _find_time(self, published_at: datetime, *, is_replay: bool) -> datetime:
        if self._end is None:
            self._end = open_or_start(
                self._database, self.connection, published_at, is_replay=is_replay
            )
            self._sequence = load_version(self.connection)
        self._end.refuse_other(is_replay=is_replay)
        return self._end.even(published_at)


@contextlib.contextmanager
def write_ledger(database: Database) -> Iterator[Writer]:
    """One transaction: the publications saved in it, their entries, tiles and a signed checkpoint
    are committed at the end of the block together, or nothing is.
    """
    ensure_checked(database)
    with database.write() as connection:
        writer = Writer(database, connection)
        yield writer
        signed = writer.sign()
    if signed is not None:
        # After the commit: a head that was never committed would halt the log for ever.
        save_head(database.home, signed.note)


def open_log(database: Database, clock: Clock) -> Log | None:
    """The newest log, checked, as it is found when an installation starts; what was said before
    there was a log enters the first one now. None where nothing was ever said.

    Raises Corrupt where it is damaged, and where it may not be appended to StateCopied,
    ClockBehind, WrongLog or KeyUnusable.
    """
    ensure_checked(database)
    now = clock.now()
    with database.read() as connection:
        log = load_log(connection)
        if log is not None:
            end = open_end(database, connection, log)
            end.refuse_other(is_replay=clock.is_replay)
            load_signers(connection, database.home, log, max(now, end.even(now)))
            return log
        refuse_unmet(connection, database.home, None)
        if load_version(connection) == 0:
            return None
    with database.write() as connection:
        now = clock.now()
        end = open_or_start(database, connection, now, is_replay=clock.is_replay)
        signed = None if load_checkpoint(connection, end.log.number) else end.sign(end.even(now))
    if signed is not None:
        save_head(database.home, signed.note)
    return end.log
