"""The tree against two oracles: pymerkle, and the recursive definitions of RFC 9162 as printed."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree  # type: ignore[import-untyped]

from assay.ledger.compute.tree import Edge, TileCache, TileKey, Tree, hash_rows
from assay.verifier import (
    EMPTY_ROOT,
    compute_root,
    hash_leaf,
    hash_node,
    is_consistent,
    is_included,
)

SIZES = 257
LARGE = 200_000


def entry(index: int) -> bytes:
    return b"entry %d" % index


class Grown:
    """A tree over tiles that grew in steps, as tables keep them."""

    def __init__(self, *steps: int) -> None:
        self.tiles: dict[TileKey, bytes] = {}
        self.size = 0
        for step in steps:
            edge = Edge(self.size, self.read)
            self.tiles |= edge.extend(
                hash_leaf(entry(x)) for x in range(self.size, self.size + step)
            )
            self.size = edge.size
            self.root = edge.root()

    def read(self, level: int, index: int) -> bytes:
        return self.tiles.get((level, index), b"")

    def tree(self) -> Tree:
        return Tree(self.size, self.read)


@pytest.fixture(scope="module")
def oracle() -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for index in range(SIZES):
        tree.append_entry(entry(index))
    return tree


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Grown(*[1] * SIZES).tree()


@cache
def mth(start: int, end: int) -> bytes:
    """RFC 9162, 2.1.1."""
    if end - start < 2:
        return hash_leaf(entry(start)) if end > start else EMPTY_ROOT
    middle = start + split(end - start)
    return hash_node(mth(start, middle), mth(middle, end))


def subproof(old: int, start: int, end: int, *, is_known: bool) -> list[bytes]:
    """RFC 9162, 2.1.4.1."""
    if old == end - start:
        return [] if is_known else [mth(start, end)]
    middle = start + split(end - start)
    if old <= middle - start:
        return [*subproof(old, start, middle, is_known=is_known), mth(middle, end)]
    rest = subproof(old - (middle - start), middle, end, is_known=False)
    return [*rest, mth(start, middle)]


def split(count: int) -> int:
    return int(2 ** (count - 1).bit_length()) // 2


def test_roots_of_all_sizes(oracle: InmemoryTree, tree: Tree) -> None:
    leaves = [hash_leaf(entry(index)) for index in range(SIZES)]
    for size in range(1, SIZES + 1):
        assert tree.root(size) == oracle.get_root(size) == compute_root(leaves[:size])
    assert tree.root(0) == compute_root([]) == EMPTY_ROOT


def test_inclusion_of_every_leaf_in_all_sizes(oracle: InmemoryTree, tree: Tree) -> None:
    leaves = [hash_leaf(entry(index)) for index in range(SIZES)]
    for size in range(1, SIZES + 1):
        root = tree.root(size)
        for index in range(size):
            path = tree.prove_inclusion(index, size)
            assert path == oracle.prove_inclusion(index + 1, size).path[1:]
            assert is_included(leaves[index], index, size, path, root)


def test_consistency_between_all_sizes(oracle: InmemoryTree, tree: Tree) -> None:
    roots = [EMPTY_ROOT, *(oracle.get_root(size) for size in range(1, SIZES + 1))]
    for size in range(1, SIZES + 1):
        for old in range(1, size + 1):
            path = tree.prove_consistency(old, size)
            assert path == subproof(old, 0, size, is_known=True)
            assert is_consistent(old, roots[old], size, roots[size], path)
        assert is_consistent(0, EMPTY_ROOT, size, roots[size], tree.prove_consistency(0, size))


@pytest.mark.slow
def test_random_ones_in_a_large_tree() -> None:
    oracle = InmemoryTree(algorithm="sha256")
    for index in range(LARGE):
        oracle.append_entry(entry(index))
    rng = np.random.default_rng(9162)
    grown = Grown(1, 254, 1, 70_000, LARGE - 70_256)
    tree = grown.tree()
    assert grown.root == tree.root() == oracle.get_root(LARGE)
    for size in map(int, rng.integers(2, LARGE, 40, endpoint=True)):
        root = oracle.get_root(size)
        assert tree.root(size) == root
        for index in map(int, rng.integers(0, size, 5)):
            path = tree.prove_inclusion(index, size)
            assert path == oracle.prove_inclusion(index + 1, size).path[1:]
            assert is_included(hash_leaf(entry(index)), index, size, path, root)
            old = index + 1
            joined = tree.prove_consistency(old, size)
            assert is_consistent(old, oracle.get_root(old), size, root, joined)


@given(st.lists(st.integers(1, 700), min_size=1, max_size=6))
def test_however_it_grows_the_tiles_are_the_same(steps: list[int]) -> None:
    stepwise, at_once = Grown(*steps), Grown(sum(steps))
    assert stepwise.root == at_once.root == stepwise.tree().root()
    widths = {key: len(tile) for key, tile in stepwise.tiles.items()}
    for (level, index), width in widths.items():
        full = min(256, at_once.size // 256**level - index * 256)
        assert width == full * 32
    assert stepwise.tiles == at_once.tiles


@given(
    st.integers(2, 600).flatmap(
        lambda size: st.tuples(st.just(size), st.integers(0, size - 1), st.integers(0, 2**16))
    )
)
def test_a_changed_proof_proves_nothing(case: tuple[int, int, int]) -> None:
    size, index, where = case
    grown = Grown(size)
    tree, leaf = grown.tree(), hash_leaf(entry(index))
    path = tree.prove_inclusion(index)
    for changed in mutations(path, where):
        assert not is_included(leaf, index, size, changed, grown.root)
    assert not is_included(leaf, (index + 1) % size, size, path, grown.root)
    assert not is_included(hash_leaf(b"another"), index, size, path, grown.root)
    old = index + 1
    joined = tree.prove_consistency(old)
    for changed in mutations(joined, where):
        assert not is_consistent(old, tree.root(old), size, grown.root, changed)
    assert not is_consistent(old, hash_leaf(b""), size, grown.root, joined)


def mutations(path: list[bytes], where: int) -> list[list[bytes]]:
    """A flipped bit, a hash more, and where there is one a hash less."""
    longer = [*path, bytes(32)]
    if not path:
        return [longer]
    place = where % len(path)
    flipped = bytes([path[place][0] ^ 1]) + path[place][1:]
    return [[*path[:place], flipped, *path[place + 1 :]], longer, path[:-1]]


def test_a_tile_that_grew_is_read_again() -> None:
    grown, tiles = Grown(300), TileCache()
    old = Tree(300, grown.read, tiles)
    before = old.prove_inclusion(299)
    longer = Grown(300, 400)
    tree = Tree(700, longer.read, tiles)
    for index in range(700):
        assert is_included(
            hash_leaf(entry(index)), index, 700, tree.prove_inclusion(index), longer.root
        )
    assert tree.prove_inclusion(299, 300) == before


def test_few_tiles_are_kept() -> None:
    grown, tiles = Grown(256 * 6), TileCache(limit=3)
    tree = Tree(grown.size, grown.read, tiles)
    for index in range(0, grown.size, 100):
        path = tree.prove_inclusion(index)
        assert is_included(hash_leaf(entry(index)), index, grown.size, path, grown.root)
        assert len(tiles.kept) <= 3


@pytest.mark.parametrize(
    "ask",
    [
        lambda tree: tree.root(301),
        lambda tree: tree.root(-1),
        lambda tree: tree.prove_inclusion(300),
        lambda tree: tree.prove_inclusion(-1),
        lambda tree: tree.prove_inclusion(5, 5),
        lambda tree: tree.prove_inclusion(5, 301),
        lambda tree: tree.prove_consistency(301),
        lambda tree: tree.prove_consistency(7, 6),
        lambda tree: tree.prove_consistency(-1),
    ],
)
def test_what_is_not_in_the_tree_cannot_be_asked(ask: Callable[[Tree], object]) -> None:
    with pytest.raises(ValueError, match="within 300"):
        ask(Grown(300).tree())


def test_a_short_or_torn_tile_is_an_error() -> None:
    grown = Grown(300)
    for damage in (b"", grown.tiles[0, 1][:-32], grown.tiles[0, 1][:-1]):
        grown.tiles[0, 1] = damage
        with pytest.raises(ValueError, match="tile 0/1 is cut short"):
            grown.tree().root()
        with pytest.raises(ValueError, match="tile 0/1 is cut short"):
            Edge(300, grown.read)


def test_rows_of_a_publication() -> None:
    rows = [b'{"n":%d}' % number for number in range(5)]
    tree, root = hash_rows(rows)
    assert (tree.size, root) == (5, compute_root([hash_leaf(row) for row in rows]))
    assert is_included(hash_leaf(rows[4]), 4, 5, tree.prove_inclusion(4), root)
    empty, nothing = hash_rows([])
    assert (empty.size, nothing) == (0, EMPTY_ROOT)
