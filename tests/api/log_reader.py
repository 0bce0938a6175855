"""A reader of somebody else's log: fetches what any tool fetches, trusts nothing but a pinned key.

Knows the C2SP paths from the specification and checks with `assay.verifier` alone.
"""

import gzip
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from assay.verifier import (
    NotVerified,
    TreeHead,
    VerifierKey,
    compute_root,
    hash_leaf,
    is_consistent,
    list_signatures,
    parse_checkpoint,
    parse_extension,
    parse_key,
    verify_publication,
    verify_row,
)

WIDTH = 256
HASH_BYTES = 32


def write_tile(index: int, width: int = WIDTH) -> str:
    """The path of a tile: three digits an element, all but the last with an x."""
    text = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        text = f"x{index % 1000:03d}/{text}"
    return text if width == WIDTH else f"{text}.p/{width}"


def split_bundle(bundle: bytes) -> list[bytes]:
    """The entries of a bundle."""
    entries = []
    while bundle:
        end = 2 + int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2:end])
        bundle = bundle[end:]
    return entries


@dataclass
class LogReader:
    """Reads the log at `address`; `prefix` is where its tiles are."""

    address: str
    prefix: str = "/log"
    key: VerifierKey = field(init=False)
    heads: list[TreeHead] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        (key,) = self.ask("/v1/log")["data"]["keys"]
        self.key = parse_key(key["vkey"])

    def fetch(self, path: str) -> bytes:
        """The body of an answer, as gzip where the server likes."""
        request = Request(self.address + path, headers={"accept-encoding": "gzip"})  # noqa: S310
        with urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            body: bytes = answer.read()
            is_packed = answer.headers["content-encoding"] == "gzip"
        return gzip.decompress(body) if is_packed else body

    def ask(self, path: str) -> Any:
        """A JSON answer."""
        return json.loads(self.fetch(path))

    def check_head(self, head: TreeHead) -> None:
        """The pinned key signed it, under the log's own name."""
        assert head.origin == self.key.name
        assert list_signatures(head.note, self.key) == [0]

    def follow(self) -> TreeHead:
        """Read the newest checkpoint and everything under it, and check all of it anew."""
        head = parse_checkpoint(self.fetch(f"{self.prefix}/checkpoint"))
        self.check_head(head)
        tiles = self.read_tiles(head.size)
        entries = self.read_entries(head.size)
        leaves = [hash_leaf(entry) for entry in entries]
        assert tiles[0] == leaves
        for level in range(1, len(tiles)):
            below = tiles[level - 1]
            full = [below[at : at + WIDTH] for at in range(0, len(below) - WIDTH + 1, WIDTH)]
            assert tiles[level] == [compute_root(tile) for tile in full]
        assert compute_root(leaves) == head.root
        assert entries[: len(self.entries)] == self.entries, "what was read before has changed"
        for old in self.heads:
            assert compute_root(leaves[: old.size]) == old.root
        self.entries = entries
        if not self.heads or self.heads[-1].size < head.size:
            self.heads.append(head)
        return head

    def read_tiles(self, size: int) -> list[list[bytes]]:
        """The hashes of each level of the tree, by its tiles."""
        levels = []
        level = 0
        while size:
            path = f"{self.prefix}/tile/{level}"
            body = b"".join(self.fetch(f"{path}/{name}") for name in list_tiles(size))
            assert len(body) == size * HASH_BYTES
            levels.append([body[at : at + HASH_BYTES] for at in range(0, len(body), HASH_BYTES)])
            size //= WIDTH
            level += 1
        return levels

    def read_entries(self, size: int) -> list[bytes]:
        """All entries."""
        path = f"{self.prefix}/tile/entries"
        bundles = [self.fetch(f"{path}/{name}") for name in list_tiles(size)]
        return [entry for bundle in bundles for entry in split_bundle(bundle)]

    def check_growth(self, old: TreeHead) -> TreeHead:
        """The served proof joins an earlier head to the newest one."""
        proof = parse_extension(self.fetch(f"/v1/log/consistency?old={old.size}"))
        self.check_head(proof.head)
        assert proof.old_size == old.size
        new = proof.head
        assert is_consistent(old.size, old.root, new.size, new.root, proof.path)
        return new

    def check_publication(self, publication: str) -> dict[str, Any]:
        """The served proof shows exactly the rows of the publication in the log; its header."""
        path = f"/v1/publications/{quote(publication)}"
        rows, proof = self.fetch(f"{path}/rows"), self.fetch(f"{path}/proof")
        shown = verify_publication(rows, proof, [self.key])
        self.check_head(shown.head)
        assert shown.header == self.fetch(f"{path}/header")
        assert self.entries[shown.index] == shown.header
        return shown.said

    def check_row(self, publication: str, index: int) -> bytes:
        """The served proof leads from the exact bytes of a row to the log."""
        path = f"/v1/publications/{quote(publication)}/rows/{index}"
        row = self.fetch(path)
        shown = verify_row(row, self.fetch(f"{path}/proof"), [self.key])
        self.check_head(shown.head)
        assert shown.row is not None
        assert shown.row[0] == index
        with pytest.raises(NotVerified):
            verify_row(row + b" ", self.fetch(f"{path}/proof"), [self.key])
        return row


def list_tiles(size: int) -> list[str]:
    """The tiles that `size` hashes of one level fill, the last one partly."""
    names = [write_tile(index) for index in range(size // WIDTH)]
    return names + ([write_tile(size // WIDTH, size % WIDTH)] if size % WIDTH else [])
