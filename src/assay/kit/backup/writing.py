"""Writing a backup: a temporary file beside the target, verified, then renamed into place."""

import hashlib
import io
import os
import tarfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import IO, cast

import orjson
import zstandard
from sqlalchemy import Connection, text

from assay import __version__
from assay.kit.atomic import storage_errors, sync_directory
from assay.kit.backup.folder import list_files
from assay.kit.backup.reading import ABOUT, FORMAT, MANIFEST, Contents, verify_backup
from assay.kit.backup.rows import dump_table, find_tables
from assay.kit.backup.sealed import SealingWriter
from assay.kit.database import Database
from assay.kit.errors import BadInput, Conflict
from assay.kit.home import Home
from assay.kit.moments import format_utc
from assay.kit.progress import Progress
from assay.migrations import HEAD, TABLES

LEAST_PASSPHRASE = 12
_MIB = 2**20
_LABEL = "Writing the backup"


class Packer:
    """Adds members to the archive, counts them and remembers their digests."""

    def __init__(self, archive: tarfile.TarFile, progress: Progress, total: int) -> None:
        self._archive, self._progress = archive, progress
        self._done, self._total = 0, total
        self.members: dict[str, list[int | str]] = {}

    def add(self, name: str, payload: bytes) -> None:
        """A member that is in memory."""
        self._put(name, len(payload), io.BytesIO(payload))

    def add_file(self, name: str, path: Path) -> None:
        """A member from the disk: as many bytes as it has now."""
        with path.open("rb") as source:
            self._put(name, os.fstat(source.fileno()).st_size, source)

    def _put(self, name: str, size: int, source: io.IOBase) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashing = _Hashing(source)
        self._archive.addfile(info, hashing)
        self.members[name] = [size, hashing.digest.hexdigest()]
        self._done = min(self._done + size, self._total)
        self._progress.step(_LABEL, self._done // _MIB, self.total)

    @property
    def total(self) -> int:
        """MiB that are to come, about."""
        return self._total // _MIB + 1


class _Hashing(io.RawIOBase):
    def __init__(self, source: io.IOBase) -> None:
        super().__init__()
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        payload: bytes = self._source.read(size)
        self.digest.update(payload)
        return payload


def save_backup(
    home: Home,
    database: Database,
    target: Path,
    passphrase: str,
    now: datetime,
    progress: Progress,
    *,
    pausing: Sequence[str] = (),
) -> Contents:
    """Write everything to `target` and read it back; what it holds.

    Writers who hold a lock named in `pausing` wait until their files are copied; nobody else does.
    Raises BadInput for a short passphrase or a target inside the home, Conflict for a file that
    exists, StorageFull on a full disk; then nothing is left behind.
    """
    _check(home, target, passphrase)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with storage_errors(str(target)), open(partial, "xb", opener=_private) as file:
            sealing = SealingWriter(file, passphrase)
            with zstandard.ZstdCompressor(3).stream_writer(
                cast(IO[bytes], sealing), closefd=False
            ) as packed:
                _pack(home, database, packed, now, progress, pausing)
            sealing.finish()
            file.flush()
            os.fsync(file.fileno())
        contents = verify_backup(partial, passphrase, progress)
        partial.replace(target)
        sync_directory(target.parent)
    finally:
        partial.unlink(missing_ok=True)
    return contents


def _check(home: Home, target: Path, passphrase: str) -> None:
    if len(passphrase) < LEAST_PASSPHRASE:
        raise BadInput(
            f"The passphrase has fewer than {LEAST_PASSPHRASE} characters.",
            hint="The backup holds keys: choose one that cannot be guessed, and keep it elsewhere.",
        )
    if target.exists():
        raise Conflict(f"{target} exists already.", hint="Name another file.")
    if not target.parent.is_dir():
        raise BadInput(f"There is no folder {target.parent}.", hint="Create it first.")
    if target.resolve().is_relative_to(home.path.resolve()):
        raise BadInput(
            "A backup inside ASSAY_HOME would be lost with it.",
            hint="Name a file on another disk or machine.",
        )


def _pack(
    home: Home,
    database: Database,
    packed: "zstandard.ZstdCompressionWriter",
    now: datetime,
    progress: Progress,
    pausing: Sequence[str],
) -> None:
    with (
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        ExitStack() as paused,
    ):
        for name in pausing:
            paused.enter_context(home.lock(name))
        files = list(list_files(home))
        with database.read() as connection:
            tables = find_tables(connection, TABLES)
            # The first question fixes the view; files are copied beside it while nobody adds facts.
            total = sum(path.stat().st_size for _, path in files) + _measure(home, connection)
            packer = Packer(archive, progress, total)
            about = {"format": FORMAT, "assay": __version__, "schema": HEAD}
            names = [table.name for table in tables]
            packer.add(ABOUT, orjson.dumps({**about, "made_at": format_utc(now), "tables": names}))
            for name, path in files:
                packer.add_file(f"home/{name}", path)
            paused.close()
            for table in tables:
                for number, batch in enumerate(dump_table(connection, table)):
                    packer.add(f"tables/{table.name}/{number:06}.arrow", batch)
        packer.add(MANIFEST, orjson.dumps(packer.members))
        progress.step(_LABEL, packer.total, packer.total)


def _measure(home: Home, connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        return int(
            connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        )
    return home.database.stat().st_size


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
