"""Made-up (synthetic) markets for the back-tester: births, halts, deaths, steep falls."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def create_closes(generator: np.random.Generator, tokens: int, days: int) -> Matrix:
    """Random walks [tokens, days]; about a third begin late, halt for a while, or die."""
    steps = generator.normal(0.0, 0.08, (tokens, days))
    closes = np.exp(np.cumsum(steps, axis=1)) * generator.uniform(0.0001, 40_000.0, (tokens, 1))
    for token in range(tokens):
        born, halted, dead = np.sort(generator.integers(0, days + 1, 3))
        if generator.random() < 0.35:
            closes[token, :born] = np.nan
        if generator.random() < 0.35:
            closes[token, halted : halted + 4] = np.nan
        if generator.random() < 0.35:
            closes[token, dead:] = np.nan
    return closes


def create_weights(
    generator: np.random.Generator,
    tokens: int,
    days: int,
    *,
    gross: float = 1.0,
    shorts: bool = False,
) -> Matrix:
    """Random weights with at most `gross` in use; some zero, some NaN, some days without orders."""
    weights = generator.random((tokens, days))
    weights[generator.random((tokens, days)) < 0.3] = 0.0
    used = gross * generator.choice([1.0, 0.6], days)
    weights *= used / np.maximum(weights.sum(axis=0), 1e-9)
    if shorts:
        weights *= generator.choice([-1.0, 1.0], (tokens, days))
    weights[generator.random((tokens, days)) < 0.1] = np.nan
    weights[:, generator.random(days) < 0.2] = np.nan
    return weights


def create_volumes(generator: np.random.Generator, closes: Matrix) -> Matrix:
    """Dollar volumes, some zero, none where there is no bar."""
    volumes = generator.uniform(1e5, 1e8, closes.shape)
    volumes[generator.random(closes.shape) < 0.05] = 0.0
    return np.where(np.isfinite(closes), volumes, np.nan)
