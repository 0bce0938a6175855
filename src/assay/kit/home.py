"""The folder that holds all state of one installation, and its writer locks."""

import contextlib
import fcntl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from assay.kit.errors import BadInput, Busy


@dataclass(frozen=True, slots=True)
class Home:
    """Paths under `ASSAY_HOME`; deleting the folder resets the installation.

    `database_url` names the PostgreSQL that holds state and publications instead of the SQLite
    file in the folder. It may hold a password: it is never shown. `public_url` is where others
    reach the installation (`https://host[:port]`; empty: nowhere), the file's first line the
    passphrase of `keys`.
    """

    path: Path
    database_url: SecretStr | None = None
    public_url: str = ""
    keys_passphrase_file: Path | None = None

    @property
    def lake(self) -> Path:
        """Delta tables of facts."""
        return self.path / "lake"

    @property
    def panel(self) -> Path:
        """Generations of the memory-mapped panel."""
        return self.path / "panel"

    @property
    def database(self) -> Path:
        """The SQLite file of state and publications."""
        return self.path / "assay.db"

    def reveal_database_url(self) -> str | None:
        """The PostgreSQL to connect to, password and all; None where SQLite is used."""
        return self.database_url.get_secret_value() if self.database_url else None

    @property
    def keys(self) -> Path:
        """Private keys, for their owner only."""
        return self.path / "keys"

    @property
    def log(self) -> Path:
        """What the transparency log keeps outside the database."""
        return self.path / "log"

    @property
    def artefacts(self) -> Path:
        """Trained models, one folder each."""
        return self.path / "artefacts"

    @property
    def cache(self) -> Path:
        """What may be deleted at any time: compiled kernels."""
        return self.path / "cache"

    def create(self) -> "Home":
        """Make the folder, for its owner only, if it is missing. Raises BadInput where it cannot be
        made or written.
        """
        try:
            # E-mails, digests of keys and private rule books are nobody else's to read.
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.path / "locks").mkdir(exist_ok=True)
        except OSError as error:
            raise BadInput(
                f"ASSAY_HOME {self.path} cannot be used: {error.strerror}.",
                hint="Point ASSAY_HOME to a folder that you may write to.",
            ) from error
        return self

    @contextlib.contextmanager
    def lock(self, name: str, *, wait: bool = True) -> Iterator[None]:
        """Hold the writer's lock `name` across processes; the kernel frees it if we are killed.

        Raises Busy at once when `wait` is False and another process holds it.
        """
        self.create()
        with (self.path / "locks" / f"{name}.lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError as error:
                raise Busy(
                    f"Another assay process is writing ({name}).",
                    hint="Wait until it has finished, then run the command again.",
                ) from error
            yield
