"""Digests over the canonical rows of the panel: equal facts, equal bytes, on any machine. Pure."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assay.markets.types import Panel

_BLOCK = 64


def digest_days(panel: Panel) -> list[bytes]:
    """SHA-256 of each day, oldest first.

    A day's bytes are its bars in ascending order of token id, each as little-endian 64-bit words:
    id (integer), open, high, low, close, volume, unit, market cap (floats; missing is the quiet
    NaN 0x7ff8000000000000, zero has no sign). A day without bars is the digest of nothing.
    """
    fields = (panel.open, panel.high, panel.low, panel.close, panel.volume, panel.unit)
    ids = panel.token_ids.astype("<i8")
    digests: list[bytes] = []
    for start in range(0, panel.n_days, _BLOCK):
        end = min(start + _BLOCK, panel.n_days)
        words = np.empty((end - start, ids.size, 8), "<i8")
        words[:, :, 0] = ids
        for position, field in enumerate(fields, start=1):
            words[:, :, position] = _canonical(field[:, start:end])
        cap = panel.market_cap
        missing = np.full((ids.size, end - start), np.nan)
        words[:, :, 7] = _canonical(missing if cap is None else cap[:, start:end])
        present = ~np.isnan(panel.close[:, start:end].T)
        digests += [
            hashlib.sha256(words[day][present[day]].tobytes()).digest()
            for day in range(end - start)
        ]
    return digests


def _canonical(block: NDArray[np.float64]) -> NDArray[np.int64]:
    values = np.ascontiguousarray(block.T, "<f8") + 0.0
    values[np.isnan(values)] = np.nan
    return values.view("<i8")


def digest_inputs(panel: Panel, days: Sequence[bytes] | None = None) -> str:
    """SHA-256 (hex) over the first day's date and the digests of all days of the panel.

    `days` are the digests when they are known already; only the first `panel.n_days` are used, so
    one `digest_days` of the whole serves every prefix.
    """
    listed = digest_days(panel) if days is None else days[: panel.n_days]
    whole = hashlib.sha256(panel.first_day.isoformat().encode())
    for digest in listed:
        whole.update(digest)
    return whole.hexdigest()
