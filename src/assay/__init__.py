"""Assay: crypto intelligence computed from what was known then, checkable by anyone."""

import os
from importlib.metadata import version

# Training sums in BLAS: with more threads than one their last bits depend on the machine's cores.
# numpy reads this once, when it is first imported. Judging uses no BLAS at all.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = version("assay")
