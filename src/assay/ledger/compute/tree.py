"""The Merkle tree of RFC 9162 in C2SP tiles: growing at its right edge, roots and proofs. Pure.

A tile of level l holds up to 256 hashes, each of a complete subtree of 256**l leaves; the levels in
between are hashed anew from it. So a tree is its tiles, and a longer tree only adds to them.
A *node* (height, place) is the root of the 2**height leaves that begin at place * 2**height.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import sha256
from itertools import islice

from assay.verifier import EMPTY_ROOT, hash_leaf, hash_node

HASH_BYTES = 32
TILE_WIDTH = 256
TILE_BYTES = TILE_WIDTH * HASH_BYTES
TILE_HEIGHT = 8
KEPT_TILES = 4096

TileKey = tuple[int, int]
"""Level and index."""

ReadTile = Callable[[int, int], bytes]
"""Gives the hashes of the tile (level, index) that are there, one behind the other."""


class Edge:
    """The right edge of a tree: its partial tiles, which is all that growing it takes."""

    def __init__(self, size: int, read: ReadTile) -> None:
        self.size = size
        self._partial: list[bytearray] = []
        count = size
        level = 0
        while count:
            width = count % TILE_WIDTH * HASH_BYTES
            tile = read(level, count // TILE_WIDTH)[:width] if width else b""
            if len(tile) != width:
                raise ValueError(f"tile {level}/{count // TILE_WIDTH} is cut short")
            self._partial.append(bytearray(tile))
            count //= TILE_WIDTH
            level += 1

    def extend(self, leaves: Iterable[bytes]) -> dict[TileKey, bytes]:
        """Add leaf hashes; the tiles that are new or longer now."""
        changed: dict[TileKey, bytes] = {}
        start = self.size
        coming = iter(leaves)
        while batch := list(islice(coming, TILE_WIDTH - self.size % TILE_WIDTH)):
            self.size += len(batch)
            self._fill(b"".join(batch), changed)
        for level, tile in enumerate(self._partial):
            span = TILE_WIDTH**level
            if tile and self.size // span > start // span:
                changed[level, self.size // span // TILE_WIDTH] = bytes(tile)
        return changed

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        found = b""
        for tile in self._partial:
            start = len(tile)
            width = start // HASH_BYTES
            for height in range(TILE_HEIGHT):
                if width >> height & 1:
                    start -= HASH_BYTES << height
                    part = _fold(bytes(tile[start : start + (HASH_BYTES << height)]))
                    found = hash_node(part, found) if found else part
        return found or EMPTY_ROOT

    def _fill(self, hashes: bytes, changed: dict[TileKey, bytes]) -> None:
        """Add what fits into the lowest partial tile; a full tile gives one hash to the next."""
        index = (self.size - 1) // TILE_WIDTH
        level = 0
        while hashes:
            if level == len(self._partial):
                self._partial.append(bytearray())
            tile = self._partial[level]
            tile += hashes
            if len(tile) < TILE_BYTES:
                return
            changed[level, index] = bytes(tile)
            hashes = _fold(changed[level, index])
            tile.clear()
            level += 1
            index //= TILE_WIDTH


class TileCache:
    """Expanded tiles, the `limit` last read ones (16 kB each): its hashes and those between them up
    to its root. One cache serves every tree over the same tiles, whatever their sizes.
    """

    def __init__(self, limit: int = KEPT_TILES) -> None:
        self._limit = limit
        self.kept: OrderedDict[TileKey, list[bytes]] = OrderedDict()

    def keep(self, key: TileKey, hashes: bytes) -> list[bytes]:
        """Expand a tile: for each height within it the hashes of its complete subtrees."""
        rows = [hashes]
        while len(rows) <= TILE_HEIGHT:
            rows.append(_join(rows[-1]))
        self.kept[key] = rows
        while len(self.kept) > self._limit:
            self.kept.popitem(last=False)
        return rows


class Tree:
    """Proofs of the tree of `size` leaves over its tiles. Raises ValueError for a short tile."""

    def __init__(self, size: int, read: ReadTile, tiles: TileCache | None = None) -> None:
        self.size = size
        self._read = read
        self._tiles = tiles or TileCache()
        self._kept = self._tiles.kept

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves (default: all)."""
        end = self.size if size is None else size
        if not 0 <= end <= self.size:
            raise ValueError(f"no tree of {end} within {self.size}")
        return self._span(0, end) if end else EMPTY_ROOT

    def prove_inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The hashes beside the path from leaf `index` up to the root of the first `size`."""
        end = self.size if size is None else size
        if not 0 <= index < end <= self.size:
            raise ValueError(f"no leaf {index} in a tree of {end} within {self.size}")
        return self._path(0, index, end)

    def prove_consistency(self, old_size: int, size: int | None = None) -> list[bytes]:
        """The hashes that show the tree of `old_size` to be a beginning of the tree of `size`."""
        end = self.size if size is None else size
        if not 0 <= old_size <= end <= self.size:
            raise ValueError(f"no trees of {old_size} and {end} within {self.size}")
        if old_size in (0, end):
            return []
        # The last complete subtree of the old tree is one of the new tree too: from it upwards.
        height = (old_size & -old_size).bit_length() - 1
        place = (old_size >> height) - 1
        is_whole = old_size == 1 << height
        return [*([] if is_whole else [self._node(height, place)]), *self._path(height, place, end)]

    def _path(self, height: int, place: int, end: int) -> list[bytes]:
        """The hashes beside the path from a node to the root; one at the right edge may be of a
        subtree that is not complete yet, or missing where nothing stands beside the path.
        """
        path = []
        for above in range(height, (end - 1).bit_length()):
            beside = place >> (above - height) ^ 1
            start = beside << above
            if start + (1 << above) <= end:
                path.append(self._node(above, beside))
            elif start < end:
                path.append(self._span(start, end))
        return path

    def _span(self, start: int, end: int) -> bytes:
        """The root over leaves `start` to `end`, `start` being where a large subtree begins."""
        found = b""
        while end > start:
            height = (end & -end).bit_length() - 1
            part = self._node(height, (end >> height) - 1)
            found = hash_node(part, found) if found else part
            end -= 1 << height
        return found

    def _node(self, height: int, place: int) -> bytes:
        """The hash of a complete subtree; a partial tile that is kept may have grown since."""
        within = height % TILE_HEIGHT
        key = (height // TILE_HEIGHT, place >> TILE_HEIGHT - within)
        start = place % (TILE_WIDTH >> within) * HASH_BYTES
        rows = self._kept.get(key)
        found = rows[within][start : start + HASH_BYTES] if rows else b""
        if not found:
            rows = self._tiles.keep(key, self._read(*key))
            found = rows[within][start : start + HASH_BYTES]
            if len(found) != HASH_BYTES:
                raise ValueError(f"tile {key[0]}/{key[1]} is cut short")
        return found


def hash_rows(rows: Iterable[bytes]) -> tuple[Tree, bytes]:
    """The tree over the exact bytes of a publication's rows, and its root."""
    edge = Edge(0, lambda level, index: b"")
    tiles = edge.extend(map(hash_leaf, rows))
    return Tree(edge.size, lambda level, index: tiles[level, index]), edge.root()


def _fold(hashes: bytes) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > HASH_BYTES:
        hashes = _join(hashes)
    return hashes


def _join(hashes: bytes) -> bytes:
    """The parents of neighbouring hashes; a last one without neighbour has none."""
    pairs = range(0, len(hashes) - 2 * HASH_BYTES + 1, 2 * HASH_BYTES)
    return b"".join([sha256(b"\1" + hashes[at : at + 2 * HASH_BYTES]).digest() for at in pairs])
