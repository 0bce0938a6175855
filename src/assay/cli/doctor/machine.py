"""The machine: Python, libraries, folder, disk, clock, port, rights."""

import importlib
import os
import platform
import shutil
import socket
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

from assay import accounts
from assay.cli.doctor.types import Finding, Patient, fail, ok, warn

_OLDEST, _NEWEST = (3, 11), (3, 13)
_LIBRARIES = ("numpy", "numba", "polars", "deltalake", "lightgbm", "sqlalchemy", "pyarrow")
_GIB = 2**30
_LEAST_FREE = 2 * _GIB
_SKEW_S = 5.0


def check_python(_: Patient) -> Finding:
    """A version that the pinned libraries are made for."""
    words = f"{platform.python_version()} on {platform.machine()}"
    if _OLDEST <= sys.version_info[:2] <= _NEWEST:
        return ok(words)
    return fail(words, "Use Python 3.11, 3.12 or 3.13.")


def check_libraries(_: Patient) -> Finding:
    """Every library that brings machine code can be loaded."""
    for name in _LIBRARIES:
        try:
            importlib.import_module(name)
        except (ImportError, OSError) as error:
            text = str(error).splitlines()[0]
            remedy = "Run `make setup` again."
            if "gomp" in text:
                remedy = "Debian, Ubuntu: apt install libgomp1; Fedora: dnf install libgomp."
            if "libomp" in text:
                remedy = "macOS: brew install libomp."
            return fail(f"{name} cannot be loaded: {text}", remedy)
    return ok(f"{len(_LIBRARIES)} load")


def check_home(patient: Patient) -> Finding:
    """The folder of all state can be written."""
    path = patient.home.path
    probe = path / f".doctor.{os.getpid()}.tmp"
    try:
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        return fail(
            f"{path} cannot be written: {error.strerror}",
            "Point ASSAY_HOME to a folder that you may write to, on a disk with room.",
        )
    return ok(str(path))


def check_disk(patient: Patient) -> Finding:
    """Room for imports, statements and the copy before an upgrade."""
    free = shutil.disk_usage(patient.home.path).free
    words = f"{free / _GIB:.1f} GiB free"
    database = patient.home.database
    needed = database.stat().st_size if database.exists() else 0
    if free < max(patient.settings.min_free_mb * 1_000_000, needed):
        return fail(words, "Free some space: imports, publishing and upgrades need it.")
    if free < _LEAST_FREE:
        return warn(words, "Free some space soon; `assay retention run` may find some.")
    return ok(words)


def check_clock(patient: Patient) -> Finding:
    """The machine's clock and that of the disk agree: a publication is live by its clock."""
    probe = patient.home.path / f".doctor.{os.getpid()}.tmp"
    try:
        probe.touch()
        changed = datetime.fromtimestamp(probe.stat().st_mtime, UTC)
    finally:
        probe.unlink(missing_ok=True)
    skew = abs((patient.clock.now() - changed).total_seconds())
    words = f"{patient.clock.now():%Y-%m-%d %H:%M:%S} UTC, {skew:.1f} s from the disk's"
    if skew > _SKEW_S:
        return fail(words, "Let both machines follow NTP.")
    return ok(words)


def check_port(patient: Patient) -> Finding:
    """The server's port is free."""
    host, port = patient.settings.host, patient.settings.port
    words = f"{host}:{port}"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            return warn(
                f"{words}: {error.strerror}",
                "Fine if assay serves there already; otherwise set ASSAY_PORT (0 picks one).",
            )
    return ok(f"{words} is free")


def check_rights(patient: Patient) -> Finding:
    """Nobody else may read what is secret."""
    home = patient.home.path
    secrets = [home / accounts.OWNER_KEY, *sorted(patient.home.keys.glob("*.pem"))]
    files = [patient.settings.passphrase_file, patient.settings.keys_passphrase_file]
    for path in (*secrets, *files):
        if path is not None and path.exists() and _find_mode(path) & 0o077:
            words = f"{path} may be read by others ({_find_mode(path):o})"
            return fail(words, f"chmod 600 {path}")
    if _find_mode(home) & 0o002:
        return fail(f"{home} may be written by anybody", "chmod o-w it.")
    # Releases before accounts made both for everybody to read.
    for path in sorted(home.glob(f"{patient.home.database.name}*")):
        if _find_mode(home) & 0o077 and _find_mode(path) & 0o077:
            words = f"{path} may be read by others ({_find_mode(path):o})"
            return warn(words, f"chmod 700 {home}")
    return ok("secrets are their owner's alone")


def _find_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
