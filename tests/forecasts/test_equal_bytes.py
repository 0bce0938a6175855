"""The same published bytes on the plainest processor numba can compile for."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.factors.test_equal_bytes import has_avx512
from tests.forecasts import worlds

from assay import ledger
from assay.forecasts import SPEAKERS
from assay.publishing import SaidBook


def compute_digest() -> str:
    """Digest of three days of every speaker on a market made of plain arithmetic."""
    generator = np.random.default_rng(20231229)
    panel = worlds.create_panel()
    steps = generator.random(panel.close.shape) * 0.1 - 0.05
    close = np.cumprod(1.0 + steps, axis=1, dtype=np.float64)
    close[generator.random(close.shape) < 0.02] = np.nan
    high, low = close * (1.0 + generator.random(close.shape) * 0.02), close * 0.99
    plain = replace(panel, open=close, high=high, low=low, close=close, unit=np.ones_like(close))
    facts = worlds.create_facts(plain)
    days = [plain.last_day - timedelta(days=back) for back in (40, 1, 0)]
    digest = hashlib.sha256()
    for speaker in SPEAKERS:
        for judged in speaker.judge(days, facts, SaidBook(lambda kind, day: None, ())):
            digest.update(ledger.canonical_json(list(judged.rows)))
    return digest.hexdigest()


@pytest.mark.slow
def test_bytes_are_equal_on_a_generic_processor() -> None:
    root = Path(__file__).parents[2]
    environment = os.environ | {
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_NUM_THREADS": "1",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL" if has_avx512() else "",
        "PYTHONPATH": str(root),
    }
    script = f"import runpy; print(runpy.run_path({str(Path(__file__))!r})['compute_digest']())"
    plain = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert plain.stdout.strip() == compute_digest()
