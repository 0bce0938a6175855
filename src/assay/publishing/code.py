"""Which code judged: the version of the package and a digest of every source it depends on."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from assay import __version__

_PACKAGE = Path(__file__).parents[1]


def code_version(sources: Sequence[str]) -> str:
    """`<version>+<12 hex digits>`: equal exactly where the judging `sources` are equal.

    `sources` are files and folders below the package. Raises ValueError for one that is missing.
    """
    return _code_version(tuple(sources))


@cache
def _code_version(sources: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name in sources:
        path = _PACKAGE / name
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        if not files or not files[0].is_file():
            raise ValueError(f"{name} is no source of the package")
        for source in files:
            digest.update(source.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"
