"""The same numbers to the last bit on the plainest processor numba can compile for."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assay.factors import (
    Bars,
    Ties,
    compute_centred_ranks,
    compute_characteristics,
    compute_exp,
    compute_indicators,
    compute_log,
    compute_market_level,
    compute_market_returns,
    compute_regimes,
    compute_relative_volatility,
    round_significant_values,
)


def compute_digest() -> str:
    """Digest of every deterministic function of the room on one market made of plain arithmetic."""
    generator = np.random.default_rng(20231229)
    steps = generator.random((12, 420)) * 0.1 - 0.05
    close = np.cumprod(1.0 + steps, axis=1, dtype=np.float64)
    close[generator.random(close.shape) < 0.02] = np.nan
    high, low = close * (1.0 + generator.random(close.shape) * 0.02), close * 0.99
    market = compute_market_level(close)
    bars = Bars(high, low, close, generator.random(close.shape), market)
    values = compute_indicators(bars, np.float64)
    ranks = compute_centred_ranks(
        np.ascontiguousarray(values.transpose(1, 2, 0)), np.ones(12, dtype=np.bool_), Ties.AVERAGE
    )
    members = ~np.isnan(close)
    returns = compute_market_returns(close, members)
    characteristics = compute_characteristics(high, low, close, bars.volume, returns, broad_start=0)
    digest = hashlib.sha256()
    for array in (
        values,
        ranks,
        characteristics,
        compute_regimes(returns, characteristics[10], members),
        compute_relative_volatility(close, members),
        compute_log(close),
        compute_exp(values[:, 15]),
        round_significant_values(values),
    ):
        # The sign of a NaN is the processor's choice and never published.
        digest.update(np.where(np.isnan(array), np.nan, array).tobytes())
    return digest.hexdigest()


@pytest.mark.slow
def test_numbers_are_equal_to_the_bit_on_a_generic_processor() -> None:
    environment = os.environ | {
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_NUM_THREADS": "1",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL" if has_avx512() else "",
    }
    script = f"import runpy; print(runpy.run_path({str(Path(__file__))!r})['compute_digest']())"
    plain = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert plain.stdout.strip() == compute_digest()


def has_avx512() -> bool:
    """Whether this machine has what the environment would switch off (numpy refuses otherwise)."""
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.exists() and "avx512_vnni" in cpuinfo.read_text()
