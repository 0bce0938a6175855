"""Which code judged: the version of the package and a digest of every source a grade depends on."""

import hashlib
from functools import cache
from pathlib import Path

from assay import __version__

_PACKAGE = Path(__file__).parents[1]
_JUDGING = ("factors", "grades/compute", "grades/judging.py", "grades/rows.py", "grades/types.py")


@cache
def code_version() -> str:
    """`<version>+<12 hex digits>`: equal exactly where the judging sources are equal."""
    digest = hashlib.sha256()
    for name in _JUDGING:
        path = _PACKAGE / name
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(source.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"
