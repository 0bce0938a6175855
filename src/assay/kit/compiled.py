"""The one way to compile a kernel, so that every kernel gives equal bytes on every CPU.

`fastmath` stays off (it reorders sums differently on each CPU) and reductions are never parallel.
Kernels are cached on disk: all of them take tens of seconds to compile and half a second to load.
"""

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

_PACKAGE = Path(__file__).parents[1]
SHARED = "factors"
"""The one room whose kernels those of other rooms may call."""


@cache
def name_folder(room: str) -> Path:
    """The cache folder for exactly the present sources of a room's kernels.

    numba keys a cached kernel on its own file alone: after a change in a kernel that it calls, it
    would go on running the old code. A kernel calls kernels of its own room and of `SHARED`.
    """
    sources = [path for name in {room, SHARED} for path in (_PACKAGE / name).rglob("*.py")]
    digest = hashlib.sha256()
    for source in sorted([*sources, Path(__file__)]):
        digest.update(source.read_bytes())
    home = Path(os.environ.get("ASSAY_HOME") or Path.home() / ".assay")
    base = Path(os.environ.get("ASSAY_KERNEL_CACHE") or home / "cache" / "kernels")
    return base.expanduser().absolute() / f"{room}-{digest.hexdigest()[:16]}"


def _compile(function: Callable[P, R], **options: bool) -> Callable[P, R]:
    # numba reads the folder when a function is decorated.
    package, _, module = function.__module__.partition(".")
    room = module.split(".")[0] if package == "assay" else "others"
    numba.config.CACHE_DIR = str(name_folder(room))
    compiled = numba.njit(cache=True, error_model="numpy", fastmath=False, **options)(function)
    return cast(Callable[P, R], compiled)


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile for one thread. Division by zero gives inf or NaN as in numpy, never an exception."""
    return _compile(function)


def parallel_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with `numba.prange` over independent rows (no reduction across threads).

    Call it only from the one compute thread of a process: without a threading library numba
    falls back to a work queue that aborts the process when two threads enter it.
    """
    return _compile(function, parallel=True)


rows = numba.prange
