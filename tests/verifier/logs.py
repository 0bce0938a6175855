"""Real logs to check, and the forged ones that somebody who holds the log's own key could make."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assay import ledger
from assay.kit.database import Database
from assay.kit.home import Home
from assay.ledger import Draft, Kind
from assay.ledger.compute.headers import split_rows
from assay.ledger.compute.notes import Checkpoint, format_vkey, sign_checkpoint
from assay.ledger.compute.proofs import format_extension, format_extra, format_inclusion
from assay.ledger.compute.tree import Edge, Tree, hash_rows
from assay.verifier import COSIGNATURE, VerifierKey, hash_leaf

DAILY = Kind("grades.trader", live_within=timedelta(hours=24), opens_after=timedelta(days=1))
DAY = date(2023, 6, 1)
CLOSE = datetime(2023, 6, 2, tzinfo=UTC)
WITNESS = "witness.example/w1"


def make_draft(number: int, rows: int = 5) -> Draft:
    shown = orjson.dumps([{"grade": f"{number}.{row}", "token": f"t{row}"} for row in range(rows)])
    return Draft(DAILY, DAY, shown, f"{number:064x}", CLOSE, "model", "code")


@dataclass(frozen=True)
class Log:
    """Headers and rows in their order, with the key that signs."""

    origin: str
    key: Ed25519PrivateKey
    headers: tuple[bytes, ...]
    rows: dict[bytes, bytes]

    @property
    def vkey(self) -> str:
        return format_vkey(self.origin, self.key.public_key().public_bytes_raw())

    def tree(self) -> Tree:
        tiles = Edge(0, lambda level, index: b"").extend(map(hash_leaf, self.headers))
        return Tree(len(self.headers), lambda level, index: tiles[level, index])

    def checkpoint(self, size: int | None = None) -> bytes:
        size = len(self.headers) if size is None else size
        return sign_checkpoint(Checkpoint(self.origin, size, self.tree().root(size)), [self.key])

    def prove(self, index: int, row: int | None = None, size: int | None = None) -> bytes:
        header = self.headers[index]
        shown = None
        if row is not None:
            tree, _ = hash_rows(split_rows(self.rows[header]))
            shown = (row, tree.size, tree.prove_inclusion(row))
        path = self.tree().prove_inclusion(index, size)
        return format_inclusion(index, path, self.checkpoint(size), format_extra(header, shown))

    def extend(self, old_size: int, size: int | None = None) -> bytes:
        return format_extension(
            old_size, self.tree().prove_consistency(old_size, size), self.checkpoint(size)
        )

    def save(self, folder: Path) -> Path:
        """As C2SP tiles serve it; a test needs fewer than 256 entries."""
        bundle = b"".join(len(header).to_bytes(2) + header for header in self.headers)
        place = folder / "tile" / "entries" / "000.p"
        place.mkdir(parents=True)
        (place / str(len(self.headers))).write_bytes(bundle)
        (folder / "checkpoint").write_bytes(self.checkpoint())
        return folder


def publish_log(home: Home, count: int) -> Log:
    """A log that the ledger itself wrote: one publication an hour."""
    database = Database(home)
    said = []
    for number in range(count):
        with ledger.write_ledger(database) as writer:
            moment = CLOSE + timedelta(hours=number)
            said.append(writer.save(make_draft(number), moment, is_replay=False))
    with database.read() as connection:
        newest = ledger.load_log(connection)
        assert newest is not None
    database.close()
    key = find_key(home, newest.origin)
    return Log(newest.origin, key, tuple(x.header for x in said), {x.header: x.rows for x in said})


def find_key(home: Home, origin: str) -> Ed25519PrivateKey:
    """The key with which the ledger signs this log."""
    with Database(home).read() as connection:
        newest = ledger.load_log(connection)
        assert newest is not None
        assert newest.origin == origin
        public = ledger.list_log_keys(connection, newest.number)[0].public_key
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    for path in sorted((home.path / "keys").glob("*.pem")):
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            continue  # of credentials
        if key.public_key().public_bytes_raw() == public:
            return key
    raise AssertionError("the home has no key of its log")


def cosign(checkpoint: bytes, key: Ed25519PrivateKey, moment: datetime) -> bytes:
    """The checkpoint with one cosignature more."""
    text = checkpoint[: checkpoint.index(b"\n\n") + 1]
    seconds = int(moment.timestamp())
    signature = key.sign(b"cosignature/v1\ntime %d\n%s" % (seconds, text))
    public = VerifierKey(WITNESS, COSIGNATURE, key.public_key().public_bytes_raw())
    blob = base64.b64encode(public.key_id + seconds.to_bytes(8) + signature).decode()
    return checkpoint + f"\N{EM DASH} {WITNESS} {blob}\n".encode()


def make_receipt(log: Log, size: int, moment: datetime) -> bytes:
    """What an anchor's transaction leaves behind."""
    root = base64.b64encode(log.tree().root(size)).decode()
    told: dict[str, object] = {
        "type": "assay-anchor-v1",
        "chain_id": 31337,
        "contract": "0x" + "11" * 20,
        "tx": "0x" + "22" * 32,
        "block": 12,
        "block_hash": "0x" + "33" * 32,
        "time": moment.isoformat().replace("+00:00", "Z"),
        "origin": log.origin,
        "size": size,
        "root": root,
    }
    return json.dumps(told).encode()


def reseal(log: Log, order: Sequence[int]) -> Log:
    """The same publications in another order, or fewer of them, signed anew."""
    return Log(log.origin, log.key, tuple(log.headers[place] for place in order), log.rows)
