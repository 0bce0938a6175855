"""How often Python looks for garbage, and how long a computing thread makes others wait."""

import contextlib
import gc
import sys
from collections.abc import Iterator

NEW_OBJECTS = 100_000
YOUNG_ROUNDS = 20
OLD_ROUNDS = 100
SWITCH_S = 0.000_5


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


@contextlib.contextmanager
def short_pauses() -> Iterator[None]:
    """Keep pauses short while a block serves.

    What was loaded before is never looked at for garbage again (a look takes tens of milliseconds;
    looks at what is new stay frequent and so short), and a thread that computes gives way after
    half a millisecond; by default that is five.
    """
    interval = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.unfreeze()
