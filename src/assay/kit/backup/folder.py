"""Which files of a home belong into a backup, and where they may land again."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from assay.kit.errors import Corrupt
from assay.kit.home import Home

STAGING = ".restoring"
_LEFT_OUT = {"cache", "locks", "logs", "lost+found"}
_EMPTY = {"cache", "locks", "lost+found", STAGING}


def list_files(home: Home) -> Iterator[tuple[str, Path]]:
    """(name in the archive, path) of every file but the database, caches, locks, logs and what is
    being written; of the panel its present generation.
    """
    for entry in sorted(home.path.iterdir()):
        if entry.name in _LEFT_OUT or entry.name.startswith((".", home.database.name)):
            continue
        if entry == home.panel:
            yield from _walk(home, *_list_panel(home))
        else:
            yield from _walk(home, entry)


def is_empty(home: Home) -> bool:
    """True if nothing is there that a restore could harm."""
    return not home.path.exists() or all(entry.name in _EMPTY for entry in home.path.iterdir())


def find_place(folder: Path, name: str) -> Path:
    """Where a member of an archive belongs below `folder`. Raises Corrupt for one outside of it."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise Corrupt(f"The backup holds a file with the impossible name {name!r}.")
    return folder.joinpath(*parts)


def _list_panel(home: Home) -> tuple[Path, ...]:
    current = home.panel / "CURRENT"
    if not current.is_file():
        return ()
    return current, home.panel / current.read_text().strip()


def _walk(home: Home, *entries: Path) -> Iterator[tuple[str, Path]]:
    for entry in entries:
        paths = [entry] if entry.is_file() else sorted(entry.rglob("*"))
        for path in paths:
            name = path.relative_to(home.path)
            is_staged = any(part.startswith(".") for part in name.parts)
            if path.is_file() and not path.is_symlink() and not is_staged:
                yield name.as_posix(), path
