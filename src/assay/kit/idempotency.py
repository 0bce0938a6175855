"""Requests that may be sent again: done once, answered the same each time.

A record is begun before the request runs, marked as applied in the very transaction of its first
write, and answered when it ends. A process that dies leaves one of three things: a record that was
only begun (nothing was written: after its lease the next try runs), an applied one (it was written:
it is never run again), or an answered one (the answer is repeated). What a late process writes
after its record went to another one is rolled back.

Answers may hold secrets, such as a key that is shown once. They are stored encrypted under the
caller's own idempotency key, of which only a digest is stored.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    String,
    Table,
    delete,
    func,
    select,
    update,
)

from assay.kit.database import metadata
from assay.kit.errors import AssayError, RateLimited
from assay.kit.moments import to_microseconds

KEEP = timedelta(hours=24)
LEASE = timedelta(seconds=120)
"""Longer than any request runs."""

MOST_RECORDS = 10_000
"""Records of one account at a time."""

BEGUN: Final = "begun"
APPLIED: Final = "applied"
ANSWERED: Final = "answered"
_NONCE = 12

idempotent_requests = Table(
    "idempotent_requests",
    metadata,
    Column("request_id", String(64), primary_key=True),
    Column("account_id", String(20), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("run", String(32), nullable=False),
    Column("began_at_us", BigInteger, nullable=False),
    Column("answer", LargeBinary),
    Index("idempotent_requests_by_account", "account_id"),
    Index("idempotent_requests_by_time", "began_at_us"),
)
"""`request_id` is a digest of account and key; `run` names the try that holds the record."""


class KeyReused(AssayError):
    """An idempotency key came with another request than before."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "idempotency-key-reused"


class InProgress(AssayError):
    """The request with this idempotency key is being carried out."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "request-in-progress"
    retryable: ClassVar[bool] = True


class AnswerLost(AssayError):
    """The request with this idempotency key was carried out, its answer is not known."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "answer-lost"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it was given."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


@dataclass(slots=True)
class Hold:
    """One try of one request. `answer`, where it is set before the first write, commits with it."""

    request_id: str
    account_id: str
    key: str
    run: str
    answer: Answer | None = None

    def apply(self, connection: Connection) -> None:
        """Mark the request as carried out, in the transaction that does so. Raises InProgress where
        another try holds it by now; the transaction must then not commit.
        """
        values: dict[str, object] = {"state": APPLIED}
        if self.answer is not None:
            values = {"state": ANSWERED, "answer": seal(self, self.answer)}
        if not self._update(connection, values):
            raise InProgress("Another try of this request is under way.")

    def settle(self, connection: Connection, answer: Answer | None, *, is_lasting: bool) -> None:
        """Keep how it ended. What wrote nothing and is not lasting (busy, not allowed) is
        forgotten, so that the next try runs.
        """
        table = idempotent_requests
        if answer is None or not is_lasting:
            own = (table.c.request_id == self.request_id) & (table.c.run == self.run)
            connection.execute(delete(table).where(own, table.c.state == BEGUN))
        if answer is not None:
            self._update(connection, {"state": ANSWERED, "answer": seal(self, answer)})

    def _update(self, connection: Connection, values: dict[str, object]) -> bool:
        table = idempotent_requests
        own = (table.c.request_id == self.request_id) & (table.c.run == self.run)
        return bool(connection.execute(update(table).where(own).values(**values)).rowcount)


def begin(
    connection: Connection,
    account_id: str,
    key: str,
    fingerprint: str,
    now: datetime,
    most_records: int = MOST_RECORDS,
) -> Hold | Answer:
    """The right to run a request, or the answer that it had.

    Raises KeyReused for another request under the same key, InProgress while it runs, AnswerLost
    where it was carried out by a process that died before it answered, RateLimited where the
    account has too many records.
    """
    table = idempotent_requests
    digest = hashlib.sha256(f"{account_id}\0{key}".encode()).hexdigest()
    hold = Hold(digest, account_id, key, secrets.token_hex(16))
    row = connection.execute(select(table).where(table.c.request_id == digest)).one_or_none()
    if row is not None and row.began_at_us <= to_microseconds(now - KEEP):
        connection.execute(delete(table).where(table.c.request_id == digest))
        row = None
    if row is None:
        _check_room(connection, account_id, most_records)
        connection.execute(
            table.insert().values(
                request_id=digest,
                account_id=account_id,
                fingerprint=fingerprint,
                state=BEGUN,
                run=hold.run,
                began_at_us=to_microseconds(now),
            )
        )
        return hold
    if row.fingerprint != fingerprint:
        raise KeyReused(
            "This Idempotency-Key came with another request before.",
            hint="Take a new key for every request; the same one only to send a request again.",
        )
    if row.answer is not None:
        return unseal(hold, bytes(row.answer))
    if row.began_at_us > to_microseconds(now - LEASE):
        raise InProgress("This request is being carried out.", hint="Try again in a moment.")
    if row.state == APPLIED:
        raise AnswerLost(
            "This request was carried out, but its answer was lost.",
            hint="Look at what is there; take a new key if you want it done once more.",
        )
    values = {"run": hold.run, "began_at_us": to_microseconds(now)}
    connection.execute(update(table).where(table.c.request_id == digest).values(**values))
    return hold


def delete_old(connection: Connection, now: datetime) -> int:
    """Forget records older than a day; how many."""
    table = idempotent_requests
    old = table.c.began_at_us <= to_microseconds(now - KEEP)
    return connection.execute(delete(table).where(old)).rowcount


def erase_account(connection: Connection, account_id: str) -> int:
    """Forget what an account asked, in the caller's transaction; how many records."""
    table = idempotent_requests
    return connection.execute(delete(table).where(table.c.account_id == account_id)).rowcount


def seal(hold: Hold, answer: Answer) -> bytes:
    """The answer encrypted (AES-256-GCM) under the caller's key."""
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in answer.headers]
    head = json.dumps([answer.status, headers]).encode()
    plain = len(head).to_bytes(4, "big") + head + answer.body
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(_derive(hold)).encrypt(nonce, plain, hold.request_id.encode())


def unseal(hold: Hold, sealed: bytes) -> Answer:
    """What `seal` encrypted. Raises AnswerLost where the row was changed."""
    try:
        nonce, rest = sealed[:_NONCE], sealed[_NONCE:]
        plain = AESGCM(_derive(hold)).decrypt(nonce, rest, hold.request_id.encode())
    except InvalidTag as error:
        raise AnswerLost("The stored answer to this request cannot be read.") from error
    size = int.from_bytes(plain[:4], "big")
    status, headers = json.loads(plain[4 : 4 + size])
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return Answer(status, pairs, plain[4 + size :])


def _derive(hold: Hold) -> bytes:
    salt = hold.account_id.encode()
    kdf = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"assay idempotent answer 1")
    return kdf.derive(hold.key.encode())


def _check_room(connection: Connection, account_id: str, most: int) -> None:
    table = idempotent_requests
    own = select(func.count()).where(table.c.account_id == account_id)
    if connection.execute(own).scalar_one() >= most:
        raise RateLimited(
            f"More than {most} requests with an Idempotency-Key in a day.",
            hint="Send the header only with requests that you would send again.",
            retry_after_s=3600,
        )
