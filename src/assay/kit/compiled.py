"""The one way to compile a kernel, so that every kernel gives equal bytes on every CPU.

`fastmath` stays off (it reorders sums differently on each CPU) and reductions are never parallel.
Kernels are cached on disk: thirty of them take about 9 s to compile and 0.6 s to load.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

# numba reads its settings when it is first imported, so the cache folder is named before that.
os.environ.setdefault(
    "NUMBA_CACHE_DIR",
    str(Path(os.environ.get("ASSAY_HOME", str(Path.home() / ".assay"))) / "cache" / "kernels"),
)

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
