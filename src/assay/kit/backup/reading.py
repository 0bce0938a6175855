"""Reading a backup: every member against its digest, into nothing (verify) or an empty home."""

import contextlib
import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol, cast

import orjson
import zstandard
from sqlalchemy import Connection, Table, inspect

from assay.kit.atomic import remove_directory, storage_errors, sync_directory
from assay.kit.backup.folder import STAGING, find_place, is_empty
from assay.kit.backup.rows import find_tables, load_batch, set_counters
from assay.kit.backup.sealed import UnsealingReader
from assay.kit.database import Database
from assay.kit.database.migrating import migrate
from assay.kit.errors import BadInput, Conflict, Corrupt
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.migrations import HEAD

FORMAT = 1
ABOUT = "about.json"
MANIFEST = "manifest.json"
_MIB = 2**20
_PIECE = 2**20
_LARGEST_TABLE_BATCH = 2**30
"""A batch is some megabytes; one publication may be larger than the usual size."""


@dataclass(slots=True)
class Contents:
    """What a backup says of itself, and what was found in it."""

    made_at: str
    assay: str
    schema: str
    tables: tuple[str, ...]
    members: dict[str, list[int | str]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all members, uncompressed."""
        return sum(int(size) for size, _ in self.members.values())


class Taker(Protocol):
    """What becomes of the members of a backup."""

    def begin(self, contents: Contents) -> None:
        """The backup says what it is."""
        ...

    def take_batch(self, table: str, payload: bytes) -> None:
        """Rows of a table."""
        ...

    def open_file(self, name: str) -> "contextlib.AbstractContextManager[IO[bytes]]":
        """Where the bytes of a file of the home go."""
        ...


class Nowhere:
    """Keeps nothing: for verifying."""

    def begin(self, contents: Contents) -> None:
        """Ignore it."""

    def take_batch(self, table: str, payload: bytes) -> None:
        """Ignore it."""

    def open_file(self, name: str) -> "contextlib.AbstractContextManager[IO[bytes]]":
        """A hole."""
        return open(os.devnull, "wb")


class IntoHome:
    """Writes files below `folder`, and the schema and rows in the transaction of `connection`."""

    def __init__(self, folder: Path, connection: Connection) -> None:
        self._folder, self._connection = folder, connection
        self._tables: dict[str, Table] = {}

    def begin(self, contents: Contents) -> None:
        """Make the schema that the rows had."""
        migrate(self._connection, contents.schema)
        found = find_tables(self._connection, contents.tables)
        self._tables = {table.name: table for table in found}

    def take_batch(self, table: str, payload: bytes) -> None:
        """Insert the rows."""
        if table not in self._tables:
            raise Corrupt(f"The backup holds rows of an unknown table {table!r}.")
        load_batch(self._connection, self._tables[table], payload)

    def end(self) -> None:
        """Let automatic keys go on where they were."""
        set_counters(self._connection, list(self._tables.values()))

    @contextlib.contextmanager
    def open_file(self, name: str) -> Iterator[IO[bytes]]:
        """The file, readable by its owner only, and on the disk when the block ends."""
        path = find_place(self._folder, name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())


def verify_backup(path: Path, passphrase: str, progress: Progress) -> Contents:
    """Read all of it and compare each member with its digest; what it holds.

    Raises BadInput for a wrong passphrase or a file that is no backup, Corrupt for one that is
    damaged or not complete.
    """
    return _read(path, passphrase, Nowhere(), progress, "Verifying the backup")


def restore_backup(
    home: Home,
    path: Path,
    passphrase: str,
    progress: Progress,
    on_restored: Callable[[Connection], None] = lambda _: None,
) -> Contents:
    """Put everything into an empty home and an empty database; what it was. `on_restored` runs in
    the transaction that brings the rows.

    Files and rows are staged and count only once all of the backup was read and found whole: on any
    error the home is as empty as before. Raises Conflict for a home or a database that is in use.
    """
    if not is_empty(home):
        raise Conflict(
            f"ASSAY_HOME {home.path} is not empty.",
            hint="Point ASSAY_HOME to a new folder, or move the old one away.",
        )
    home.create()
    with home.lock("restore", wait=False):
        remove_directory(home.path / STAGING)
        staged = Home(home.path / STAGING, home.database_url).create()
        try:
            contents = _restore(staged, path, passphrase, progress, on_restored)
            _move(staged, home)
        finally:
            remove_directory(staged.path)
    Database(home).close()
    return contents


def _restore(
    staged: Home,
    path: Path,
    passphrase: str,
    progress: Progress,
    on_restored: Callable[[Connection], None],
) -> Contents:
    database = Database(staged, is_upgraded=False)
    try:
        with database.write() as connection:
            if inspect(connection).get_table_names():
                raise Conflict(
                    "The database of ASSAY_DATABASE_URL is not empty.",
                    hint="Create a new one and name it there.",
                )
            into = IntoHome(staged.path, connection)
            contents = _read(path, passphrase, into, progress, "Restoring the backup")
            into.end()
            on_restored(connection)
    finally:
        database.close()
    return contents


def _move(staged: Home, home: Home) -> None:
    """Everything into its place; the database last: without it the home counts as empty."""
    remove_directory(staged.path / "locks")
    entries = sorted(staged.path.iterdir(), key=lambda entry: entry.name.startswith("assay.db"))
    for entry in entries:
        entry.rename(home.path / entry.name)
    sync_directory(home.path)


def _read(path: Path, passphrase: str, taker: Taker, progress: Progress, label: str) -> Contents:
    total = path.stat().st_size // _MIB + 1 if path.is_file() else 0
    if not total:
        raise BadInput(f"There is no file {path}.", hint="Name a backup that assay made.")
    with path.open("rb") as file, storage_errors("the restored home"):
        reader = UnsealingReader(file, passphrase)
        found: dict[str, list[int | str]] = {}
        contents: Contents | None = None
        stated: dict[str, list[int | str]] | None = None
        try:
            with (
                zstandard.ZstdDecompressor().stream_reader(
                    cast(IO[bytes], reader), closefd=False
                ) as packed,
                tarfile.open(fileobj=packed, mode="r|") as archive,
            ):
                for member in archive:
                    source = archive.extractfile(member)
                    if source is None:
                        raise Corrupt(f"The backup holds {member.name!r}, which is no file.")
                    if member.name == MANIFEST:
                        stated = orjson.loads(source.read())
                    elif contents is None:
                        contents, found[ABOUT] = _begin(member.name, source.read(), taker)
                    else:
                        found[member.name] = _take(member, source, taker)
                    progress.step(label, file.tell() // _MIB, total)
            # To the last chunk: only it proves that the archive ends where it should.
            while reader.read(_PIECE):
                pass
        except (tarfile.TarError, zstandard.ZstdError, orjson.JSONDecodeError) as error:
            raise Corrupt("The backup cannot be read.", hint="Use another copy.") from error
    if contents is None or stated != found:
        raise Corrupt("The backup is not complete.", hint="Use another copy.")
    contents.members = found
    progress.step(label, total, total)
    return contents


def _begin(name: str, payload: bytes, taker: Taker) -> tuple[Contents, list[int | str]]:
    about = orjson.loads(payload)
    if name != ABOUT or about.get("format") != FORMAT or about["schema"] > HEAD:
        raise BadInput(
            f"The backup was made by a newer Assay ({about.get('assay')}).",
            hint="Install that version to restore it.",
        )
    contents = Contents(about["made_at"], about["assay"], about["schema"], tuple(about["tables"]))
    taker.begin(contents)
    return contents, [len(payload), hashlib.sha256(payload).hexdigest()]


def _take(member: tarfile.TarInfo, source: IO[bytes], taker: Taker) -> list[int | str]:
    kind, _, name = member.name.partition("/")
    if kind == "tables":
        if member.size > _LARGEST_TABLE_BATCH:
            raise Corrupt(f"The batch {member.name!r} is too large.")
        payload = source.read()
        taker.take_batch(name.partition("/")[0], payload)
        return [len(payload), hashlib.sha256(payload).hexdigest()]
    digest = hashlib.sha256()
    with taker.open_file(name) as target:
        while piece := source.read(_PIECE):
            digest.update(piece)
            target.write(piece)
    return [member.size, digest.hexdigest()]
