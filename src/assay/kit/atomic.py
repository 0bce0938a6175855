"""Writing files so that a reader or a crash sees the old bytes or the new ones, never a half."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from assay.kit.errors import StorageFull


@contextlib.contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turn a full disk (ENOSPC, EDQUOT) inside the block into `StorageFull` naming `what`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                f"No space left on the disk while writing {what}.",
                hint="Free some space and run the command again; what was stored is unharmed.",
            ) from error
        raise


def sync_directory(directory: Path) -> None:
    """Make renames inside `directory` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, payload: bytes) -> None:
    """Replace `path` with `payload` in one step. Raises StorageFull when the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with storage_errors(str(path)), temporary.open("wb") as handle:
            handle.write(payload)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
        sync_directory(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def publish_directory(staged: Path, target: Path) -> None:
    """Rename a finished folder into place. `target` must not exist; `staged` is on its disk.

    Every file is synced first, so that the name never stands for files which a power cut emptied.
    """
    for path in staged.rglob("*"):
        if path.is_file():
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.rename(target)
    sync_directory(target.parent)


def remove_directory(directory: Path) -> None:
    """Delete a folder and all in it; a missing folder is fine."""
    shutil.rmtree(directory, ignore_errors=True)
