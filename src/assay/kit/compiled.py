"""The one way to compile a kernel, so that every kernel gives equal bytes on every CPU.

`fastmath` stays off (it reorders sums differently on each CPU) and reductions are never parallel.
Kernels are cached on disk: all of them take tens of seconds to compile and half a second to load.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


def _cache_folder() -> Path:
    """A folder for exactly these sources.

    numba keys a cached kernel on its own file alone: after a change in a kernel that it calls, it
    would go on running the old code.
    """
    package = Path(__file__).parents[1]
    sources = [*package.rglob("compute/**/*.py"), *package.rglob("compute.py")]
    for room in ("evaluation", "backtest"):
        sources += (package / room).glob("*.py")
    sources.append(Path(__file__))
    digest = hashlib.sha256()
    for source in sorted(set(sources)):
        digest.update(source.read_bytes())
    home = Path(os.environ.get("ASSAY_HOME") or Path.home() / ".assay")
    base = Path(os.environ.get("ASSAY_KERNEL_CACHE") or home / "cache" / "kernels")
    return base.expanduser().absolute() / digest.hexdigest()[:16]


# numba reads its settings when it is first imported, so the cache folder is named before that.
os.environ["NUMBA_CACHE_DIR"] = str(_cache_folder())

import numba  # noqa: E402


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile for one thread. Division by zero gives inf or NaN as in numpy, never an exception."""
    compiled = numba.njit(cache=True, error_model="numpy", fastmath=False)(function)
    return cast(Callable[P, R], compiled)


def parallel_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with `numba.prange` over independent rows (no reduction across threads).

    Call it only from the one compute thread of a process: without a threading library numba
    falls back to a work queue that aborts the process when two threads enter it.
    """
    compiled = numba.njit(cache=True, error_model="numpy", fastmath=False, parallel=True)(function)
    return cast(Callable[P, R], compiled)


rows = numba.prange
