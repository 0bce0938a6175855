"""Weights under a cap, and weights as whole millionths. Sums are exact (`math.fsum`)."""

from collections.abc import Sequence
from math import fsum

from assay.kit.errors import BadInput

MILLION = 1_000_000
_SLACK = 1e-12


def cap_weights(sizes: Sequence[float], cap: float) -> list[float]:
    """Shares in proportion to `sizes` (positive), none above `cap`; their sum is 1.

    What is cut off goes to the others in proportion to their size, again and again until none is
    above the cap (the iterative cap of index providers). The order of sizes is the order of
    weights. Raises BadInput where `cap` times the count is below 1, or a size is not positive.
    """
    if not sizes or any(not size > 0.0 for size in sizes):
        raise BadInput(
            "Weights need at least one size, and sizes above 0.",
            hint="Leave out coins without a size.",
        )
    if cap * len(sizes) < 1.0 - _SLACK:
        raise BadInput(
            f"{len(sizes)} coins of at most {cap:g} each cannot make up the whole.",
            hint=f"Raise the cap to at least {1.0 / len(sizes):.4f}, or take more coins.",
        )
    capped: set[int] = set()
    while True:
        rest = fsum(size for place, size in enumerate(sizes) if place not in capped)
        free = 1.0 - cap * len(capped)
        weights = [
            cap if place in capped or not rest > 0.0 else size / rest * free
            for place, size in enumerate(sizes)
        ]
        above = {place for place, weight in enumerate(weights) if weight > cap * (1.0 + _SLACK)}
        if not above - capped:
            return [min(weight, cap) for weight in weights]
        capped |= above


def fit_weights(sizes: Sequence[float], cap: float) -> list[float]:
    """`cap_weights`, but with too few coins for the cap each one gets the cap and the rest is left
    to cash; an empty list for no coins.
    """
    if cap * len(sizes) < 1.0:
        return [cap for _ in sizes]
    return cap_weights(sizes, cap)


def floor_weights(weights: Sequence[float], parts: int = MILLION) -> list[float]:
    """Each weight cut off to whole `parts`, so that what is published is what is traded; the rest
    is cash. A weight within 1e-9 of the next part is that part.
    """
    return [int(weight * parts + 1e-9 * parts) / parts for weight in weights]
