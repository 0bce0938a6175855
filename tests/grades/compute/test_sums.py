"""The ridge's own sums equal the library's, and reject what has no solution."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assay.grades.compute.sums import add_products, multiply_rows, solve_positive


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 12))
def test_sums_and_solution_equal_the_libraries(seed: int, rows: int, width: int) -> None:
    random = np.random.default_rng(seed)
    design = random.normal(size=(rows, width)).astype(np.float32)
    outcome = random.normal(size=rows)
    gram, joint = np.zeros((width, width)), np.zeros(width)
    add_products(design, outcome, gram, joint)
    wide = design.astype(np.float64)
    np.testing.assert_allclose(np.triu(gram), np.triu(wide.T @ wide), atol=1e-9)
    np.testing.assert_allclose(joint, wide.T @ outcome, atol=1e-9)
    ridge = gram + np.eye(width)
    whole = wide.T @ wide + np.eye(width)
    np.testing.assert_allclose(
        solve_positive(ridge, joint), np.linalg.solve(whole, joint), rtol=1e-8, atol=1e-9
    )
    np.testing.assert_allclose(multiply_rows(wide, joint), wide @ joint, atol=1e-8)


def test_adding_in_two_parts_gives_the_same_bytes() -> None:
    random = np.random.default_rng(5)
    design, outcome = random.normal(size=(50, 4)), random.normal(size=50)
    once, twice = (np.zeros((4, 4)), np.zeros(4)), (np.zeros((4, 4)), np.zeros(4))
    add_products(design, outcome, *once)
    add_products(design[:20], outcome[:20], *twice)
    add_products(design[20:], outcome[20:], *twice)
    assert once[0].tobytes() == twice[0].tobytes()
    assert once[1].tobytes() == twice[1].tobytes()


def test_no_solution_is_nan() -> None:
    assert np.isnan(solve_positive(np.array([[-1.0, 0.0], [0.0, 1.0]]), np.ones(2))).any()
