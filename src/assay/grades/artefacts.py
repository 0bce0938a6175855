"""Reading and writing model artefacts: one folder each, whole or absent, checked when read.

An artefact of this home replaces the shipped one of the same kind and refit day.
"""

from __future__ import annotations

import os
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import zstandard

from assay.grades.compute.encoding import (
    LINEAR,
    MANIFEST,
    TREES,
    create_model_card,
    encode_artefact,
    parse_artefact,
)
from assay.grades.types import Artefact, GradeKind
from assay.kit.atomic import publish_directory, remove_directory, storage_errors
from assay.kit.errors import Corrupt, NotFound
from assay.kit.home import Home

_COMPRESSED = f"{TREES}.zst"
_CARD = "card.md"
_LEVEL = 19
_LARGEST_TEXT = 64 * 1024 * 1024


def save_artefact(root: Path, artefact: Artefact) -> Path:
    """Write `artefact` to its folder under `root`; a folder that is there already is left alone.

    The folder appears whole or not at all. Raises StorageFull when the disk is full.
    """
    target = root / artefact.name
    if target.exists():
        return target
    _, parts = encode_artefact(artefact)
    staged = root / f".{artefact.name}.{os.getpid()}.tmp"
    remove_directory(staged)
    try:
        with storage_errors(str(target)):
            staged.mkdir(parents=True)
            (staged / MANIFEST).write_bytes(parts[MANIFEST])
            (staged / LINEAR).write_bytes(parts[LINEAR])
            packed = zstandard.ZstdCompressor(level=_LEVEL).compress(parts[TREES])
            (staged / _COMPRESSED).write_bytes(packed)
            (staged / _CARD).write_text(create_model_card(artefact), encoding="utf-8")
            publish_directory(staged, target)
    finally:
        remove_directory(staged)
    return target


def parse_folder(folder: Traversable | Path) -> Artefact:
    """The artefact in one folder. Raises Corrupt where it is damaged or of an unknown format."""
    try:
        packed = (folder / _COMPRESSED).read_bytes()
        parts = {name: (folder / name).read_bytes() for name in (MANIFEST, LINEAR)}
        parts[TREES] = zstandard.ZstdDecompressor().decompress(
            packed, max_output_size=_LARGEST_TEXT
        )
    except (OSError, zstandard.ZstdError) as error:
        raise Corrupt(
            f"The model in {folder} is not usable: {error}.",
            hint="Restore that folder, or delete it: the shipped model counts again, and"
            " `assay train` makes your own anew.",
        ) from error
    return parse_artefact(parts, str(folder))


def load_artefacts(home: Home, kind: GradeKind) -> list[Artefact]:
    """Every artefact in force for a kind, oldest refit first: those that ship, and the home's own,
    which replace them on equal refit days. Raises NotFound where there is none.
    """
    found = [parse_folder(folder) for folder in [*_shipped(kind), *_own(home, kind)]]
    if not found:
        raise NotFound(
            f"There is no trained {kind.value} model.", hint="Train one with `assay train`."
        )
    in_force = {item.refit_day: item for item in found}
    return [in_force[day] for day in sorted(in_force)]


def load_artefact(home: Home, kind: GradeKind, digest: str) -> Artefact:
    """The artefact with a digest, of the home or shipped. Raises NotFound when it is gone."""
    for folder in [*_own(home, kind), *_shipped(kind)]:
        if folder.name.endswith(digest[:12]):
            artefact = parse_folder(folder)
            if artefact.digest == digest:
                return artefact
    raise NotFound(
        f"The {kind.value} model {digest[:12]} is not here any more.",
        hint="Restore its folder to the artefacts of this home.",
    )


def _own(home: Home, kind: GradeKind) -> list[Traversable]:
    if not home.artefacts.is_dir():
        return []
    return [folder for folder in sorted(home.artefacts.iterdir()) if _is_of(folder, kind)]


def _shipped(kind: GradeKind) -> list[Traversable]:
    root = resources.files("assay") / "models"
    if not root.is_dir():
        return []
    return sorted((f for f in root.iterdir() if _is_of(f, kind)), key=lambda folder: folder.name)


def _is_of(folder: Traversable, kind: GradeKind) -> bool:
    return folder.name.startswith(f"{kind.value}-") and folder.is_dir()
