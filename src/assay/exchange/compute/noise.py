"""Seeded draws without state: the same key gives the same number on any machine, in any order.

SplitMix64's finaliser (Steele, Lea and Flood, OOPSLA 2014) over a key of two integers. Integer
arithmetic modulo 2**64, so equal bytes everywhere.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from assay.kit.compiled import kernel

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30 = np.uint64(30)
_S27 = np.uint64(27)
_S31 = np.uint64(31)
_S11 = np.uint64(11)
_UNIT = 2.0**-53
Key = int | np.int64
"""Constants are passed as np.int64: a bare one would have the kernel compiled for it alone."""


def name_seed(*parts: str | int) -> np.uint64:
    """A seed from words, such as exchange's seed, symbol and purpose."""
    text = "\0".join(map(str, parts)).encode()
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))


@kernel
def mix(x: np.uint64) -> np.uint64:
    """Scatter the bits of `x`."""
    x = (x ^ (x >> _S30)) * _FIRST
    x = (x ^ (x >> _S27)) * _SECOND
    return x ^ (x >> _S31)


@kernel
def draw(seed: np.uint64, a: Key, b: Key) -> np.uint64:
    """64 bits for the key (a, b)."""
    return mix(mix(seed + np.uint64(a) * GOLDEN) + np.uint64(b) * GOLDEN)


@kernel
def draw_unit(seed: np.uint64, a: Key, b: Key) -> float:
    """Uniform in [0, 1) for the key (a, b)."""
    return float(draw(seed, a, b) >> _S11) * _UNIT


@kernel
def draw_below(seed: np.uint64, a: Key, b: Key, limit: Key) -> int:
    """An integer in [0, limit) for the key (a, b)."""
    return int(draw(seed, a, b) % np.uint64(limit))


@kernel
def fill_units(seed: np.uint64, first: Key, out: NDArray[np.float64]) -> None:
    """Row r of `out` is uniform in [0, 1) for the keys (first, r), (first + 1, r) and so on."""
    for row in range(out.shape[0]):
        for place in range(out.shape[1]):
            out[row, place] = draw_unit(seed, first + place, row)
