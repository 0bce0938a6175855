"""What the tests of credentials work with: a desk that issues, holds, forges and verifies."""

import asyncio
import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from assay import identity, ledger
from assay.identity import CredentialRefused, Expected, Installation, Issued, Order, Reason
from assay.identity.compute.encoding import decode_base64url, encode_base64url
from assay.identity.service.fetching import Fetch
from assay.identity.service.installation import Signer, load_signer
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.keyring import P256
from assay.ledger import Draft, Kind, Publication, canonical_json

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KIND = Kind("grades.trader", timedelta(hours=24), timedelta(days=1))
ROWS = [
    {
        "token_id": 3375 + place,
        "symbol": symbol,
        "name": f"Coin {symbol}",
        "grade": f"{80 - place}.50",
        "rank": place + 1,
        "capped": place == 2,
        "sub_grades": {"technical": "61.00", "valuation": None},
        "no_view": None,
    }
    for place, symbol in enumerate(("BTC", "ETH", "LTC", "XRP", "ADA"))
]


@dataclass
class Clock:
    """A clock that tests put forward."""

    at: datetime = NOW
    is_replay: bool = False

    def now(self) -> datetime:
        return self.at


@dataclass
class Desk:
    """One installation, its clock, what it published, and one holder with a key."""

    installation: Installation
    clock: Clock
    said: Publication
    holder: EllipticCurvePrivateKey = field(default_factory=P256.create)

    @property
    def database(self) -> Database:
        return self.installation.database

    @property
    def signer(self) -> Signer:
        return load_signer(self.installation)

    def publish(self, **changes: Any) -> Publication:
        return publish(self.database, self.clock.now(), **changes)

    def order(self, **changes: Any) -> Order:
        key = identity.write_jwk(self.holder.public_key())
        order = Order(self.said.publication_id, key, subject="ETH")
        return dataclasses.replace(order, **changes)

    def issue(self, **changes: Any) -> Issued:
        return identity.issue_credential(self.installation, self.order(**changes))

    def present(
        self,
        text: str,
        disclosed: Sequence[str] | None = None,
        *,
        nonce: str = "n-1",
        audience: str = "verifier",
        key: EllipticCurvePrivateKey | None = None,
    ) -> str:
        return identity.present_credential(
            text,
            disclosed,
            key or self.holder,
            audience=audience,
            nonce=nonce,
            now=self.clock.now(),
        )

    def verify(self, text: str, fetch: Fetch | None = None, **changes: Any) -> identity.Verified:
        expected = dataclasses.replace(Expected(audience="verifier", nonce="n-1"), **changes)
        work = identity.verify_credential(
            self.installation, text, expected, run=directly, fetch=fetch or no_fetch
        )
        return asyncio.run(work)

    def refuse(self, reason: Reason, text: str, fetch: Fetch | None = None, **changes: Any) -> None:
        """Assert that a text is refused, for exactly this reason."""
        with pytest.raises(CredentialRefused) as refused:
            self.verify(text, fetch, **changes)
        assert refused.value.reason == reason, refused.value

    def resign(self, text: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """The credential with other claims (... leaves one out), signed by the issuer itself."""
        first, rest = text.split("~", 1)
        body = {
            name: item
            for name, item in {**read_part(first, 1), **claims}.items()
            if item is not ...
        }
        head = {**read_part(first, 0), **(header or {})}
        return forge(head, json.dumps(body), self.signer.key) + "~" + rest


async def directly(work: Callable[..., Any], *args: Any, **named: Any) -> Any:
    return work(*args, **named)


async def no_fetch(url: str, most_bytes: int, reason: Reason) -> bytes:
    raise AssertionError(f"nothing may be fetched here: {url}")


def read_part(token: str, place: int) -> dict[str, Any]:
    """Header (0) or claims (1) of a compact token."""
    found: dict[str, Any] = json.loads(decode_base64url(token.split(".")[place]))
    return found


def forge(header: dict[str, Any], body: str, key: EllipticCurvePrivateKey) -> str:
    """A rightly signed token whose header no library would write."""
    head = encode_base64url(json.dumps({"alg": "ES256", **header}).encode())
    signed = f"{head}.{encode_base64url(body.encode())}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    return f"{signed}.{encode_base64url(r.to_bytes(32) + s.to_bytes(32))}"


def write_part(value: object) -> str:
    return encode_base64url(json.dumps(value).encode())


def publish(
    database: Database,
    at: datetime,
    *,
    rows: object = ROWS,
    day: date | None = None,
    corrects: str | None = None,
    withdraws: str | None = None,
) -> Publication:
    """Say something for the day before `at`."""
    judged = day or (at - timedelta(days=1)).date()
    draft = Draft(
        KIND,
        judged,
        canonical_json(rows),
        "ab" * 32,
        at,
        "model",
        "code",
        corrects=corrects,
        withdraws=withdraws,
    )
    with ledger.write_ledger(database) as writer:
        return writer.save(draft, at, is_replay=False)


@contextmanager
def open_desk(path: Path, *, public_url: str = "", at: datetime = NOW) -> Iterator[Desk]:
    database = Database(Home(path, public_url=public_url))
    clock = Clock(at)
    try:
        installation = Installation(database, clock, reads_loopback=True)
        yield Desk(installation, clock, publish(database, at))
    finally:
        database.close()
