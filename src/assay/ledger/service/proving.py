"""Proving: the files with which anyone checks what was published, without asking us again.

Every proof is checked before it is handed out, so a damaged tile is an error, not a wrong proof.
"""

from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Connection, Engine

from assay.kit.errors import BadInput, Corrupt, NotFound
from assay.ledger.compute.headers import split_rows
from assay.ledger.compute.proofs import format_extension, format_extra, format_inclusion
from assay.ledger.compute.tree import TileCache, Tree, hash_rows
from assay.ledger.service.reading import load_checkpoint
from assay.ledger.store.log import load_log, load_position, load_tile
from assay.ledger.store.publications import load_publication
from assay.ledger.types import PrivateStatement, Publication, SignedCheckpoint
from assay.verifier import hash_leaf, is_consistent, is_included

_TILES: WeakKeyDictionary[Engine, dict[int, TileCache]] = WeakKeyDictionary()
"""Expanded tiles of each log of each open database: tiles only ever grow."""


def prove_publication(
    connection: Connection, publication_id: str, size: int | None = None
) -> bytes:
    """A `.tlog-proof` that a publication stands in the tree of a checkpoint (default: the newest).

    Its header travels in the proof. Raises NotFound (no such publication, none in a log yet, no
    checkpoint of that size), BadInput (the checkpoint is older than it), Corrupt (damaged tiles).
    """
    said = load_publication(connection, publication_id)
    return _prove(connection, said, size, format_extra(said.header))


def prove_row(
    connection: Connection, publication_id: str, row_index: int, size: int | None = None
) -> bytes:
    """A `.tlog-proof` that brings along what ties one row (its exact bytes as served) to the
    header. The row's bytes and this file are complete evidence. Raises as `prove_publication`, and
    NotFound for a row that is not there, BadInput where the header has no root of its rows.
    """
    said = load_publication(connection, publication_id)
    header = orjson.loads(said.header)
    if "rows_root" not in header:
        raise BadInput(
            f"The header of {publication_id} has version {header['version']}, which seals its rows"
            " only as a whole.",
            hint="Prove and verify the whole publication instead of one row.",
        )
    tree, root = hash_rows(split_rows(said.rows))
    if not 0 <= row_index < tree.size:
        raise NotFound(
            f"{publication_id} has no row {row_index}.",
            hint=f"Its rows are 0 to {tree.size - 1}." if tree.size else "It has no rows.",
        )
    if root.hex() != header["rows_root"]:
        raise Corrupt(
            f"The rows of {publication_id} are not those that its header seals.",
            hint="Restore the database from a backup.",
        )
    row = (row_index, tree.size, tree.prove_inclusion(row_index))
    return _prove(connection, said, size, format_extra(said.header, row))


def prove_consistency(
    connection: Connection, old_size: int, size: int | None = None, *, log: int | None = None
) -> bytes:
    """A file that shows the tree of `old_size` entries to be a beginning of the checkpoint of
    `size` (default: the newest) in a log (default: the newest), in the form of a witness'
    add-checkpoint. Raises NotFound (no such checkpoint), BadInput (`old_size` is none), Corrupt.
    """
    newest = load_log(connection, log)
    if newest is None:
        raise NotFound("There is no such log.", hint="A log begins with the first publication.")
    signed = _load_signed(connection, newest.number, size)
    if not 0 <= old_size <= signed.size:
        raise BadInput(
            f"{old_size} is no size that comes before {signed.size}.",
            hint="Ask from the size of a checkpoint that you have to that of a later one.",
        )

    def find(tree: Tree) -> list[bytes] | None:
        path = tree.prove_consistency(old_size)
        old_root = tree.root(old_size)
        is_right = is_consistent(old_size, old_root, signed.size, signed.root, path)
        return path if is_right else None

    path = _find_path(connection, newest.number, signed, find)
    return format_extension(old_size, path, signed.note)


def _prove(connection: Connection, said: Publication, size: int | None, extra: bytes) -> bytes:
    found = load_position(connection, said.sequence)
    if found is None:
        raise NotFound(
            f"{said.publication_id} is in no log: it was said before there was one.",
            hint="It can be reproduced; its time cannot be proved.",
        )
    return _prove_entry(connection, *found, said.header, size, extra)


def prove_private(connection: Connection, told: PrivateStatement, size: int | None = None) -> bytes:
    """A `.tlog-proof` that the entry of a private statement stands in the tree of a checkpoint
    (default: the newest). The entry travels in the proof, salt and statement do not. Raises
    NotFound (no such checkpoint, nothing saved yet), BadInput (the checkpoint is older), Corrupt.
    """
    if told.log is None or told.position is None:
        raise NotFound("The statement is not in the log yet.", hint="Load it once it is saved.")
    extra = format_extra(told.entry)
    return _prove_entry(connection, told.log, told.position, told.entry, size, extra)


def _prove_entry(
    connection: Connection,
    log: int,
    position: int,
    entry: bytes,
    size: int | None,
    extra: bytes,
) -> bytes:
    signed = _load_signed(connection, log, size)
    if position >= signed.size:
        raise BadInput(
            f"The checkpoint of {signed.size} entries is older than entry {position}.",
            hint=f"Ask for a checkpoint of more than {position} entries.",
        )

    def find(tree: Tree) -> list[bytes] | None:
        path = tree.prove_inclusion(position)
        leaf = hash_leaf(entry)
        return path if is_included(leaf, position, signed.size, path, signed.root) else None

    path = _find_path(connection, log, signed, find)
    return format_inclusion(position, path, signed.note, extra)


def _find_path(
    connection: Connection,
    log: int,
    signed: SignedCheckpoint,
    find: Callable[[Tree], Sequence[bytes] | None],
) -> Sequence[bytes]:
    """A path that leads to the signed root. Tiles kept from a transaction that was never committed
    would lead elsewhere: then once more from the database's own.
    """
    caches = _TILES.setdefault(connection.engine, {})
    for tiles in (caches.setdefault(log, TileCache()), TileCache()):
        caches[log] = tiles
        tree = Tree(
            signed.size, lambda level, index: load_tile(connection, log, level, index), tiles
        )
        try:
            path = find(tree)
        except ValueError:
            continue
        if path is not None:
            return path
    raise Corrupt(
        f"The tiles of log {log} do not lead to the root of its checkpoint of {signed.size}.",
        hint="`assay doctor` names the damaged tile; restore the database from a backup.",
    )


def _load_signed(connection: Connection, log: int, size: int | None) -> SignedCheckpoint:
    signed = load_checkpoint(connection, log, size)
    if signed is None:
        raise NotFound(
            "The log has no checkpoint yet."
            if size is None
            else f"The log has no checkpoint of {size} entries.",
            hint="Proofs can be asked for the sizes of checkpoints only; leave the size out.",
        )
    return signed
