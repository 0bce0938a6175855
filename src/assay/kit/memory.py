"""How often Python looks for garbage."""

import contextlib
import gc
from collections.abc import Iterator

NEW_OBJECTS = 100_000
YOUNG_ROUNDS = 20
OLD_ROUNDS = 100


@contextlib.contextmanager
def rarer_collections() -> Iterator[None]:
    """Look for cycles rarely while a block makes many rows: rows are trees and hold none.

    With the usual thresholds a back-fill spends a fifth of its time looking at them in vain.
    """
    before = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS, YOUNG_ROUNDS, OLD_ROUNDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
