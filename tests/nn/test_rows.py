import numpy as np
import pytest
from helpers import SEEDS, SIZES
from hypothesis import given
from hypothesis import strategies as st

from minivae.nn.rows import beside, repeat_rows, row_blocks, sum_rows


@given(seed=SEEDS, n=SIZES, n_a=SIZES, n_y=SIZES)
def test_beside_keeps_both_in_their_order(seed, n, n_a, n_y):
    rng = np.random.default_rng(seed)
    a, y = rng.standard_normal((n, n_a)), rng.standard_normal((n, n_y))
    both = beside(a, y)
    assert both.shape == (n, n_a + n_y)
    for i in range(n):
        assert both[i].tolist() == [*a[i], *y[i]]


def test_nothing_is_copied_where_nothing_is_added():
    a = np.ones((3, 2))
    assert beside(a, np.empty((3, 0))) is a
    assert repeat_rows(a, 1) is a
    assert sum_rows(a, 1) is a


def test_float32_stays_float32():
    a = np.ones((4, 2), np.float32)
    for result in (beside(a, a), repeat_rows(a, 2), sum_rows(a, 2)):
        assert result.dtype == np.float32


def test_rows_are_repeated_one_after_the_other():
    a = np.array([[1, 2], [3, 4]])
    assert repeat_rows(a, 3).tolist() == [[1, 2], [1, 2], [1, 2], [3, 4], [3, 4], [3, 4]]


@given(seed=SEEDS, n=SIZES, k=SIZES, columns=SIZES)
def test_sum_rows_is_the_adjoint_of_repeat_rows(seed, n, k, columns):
    """For a linear map A: <A a, b> = <a, A^T b> for all a and b."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n, columns)), rng.standard_normal((n * k, columns))
    repeated, collected = repeat_rows(a, k), sum_rows(b, k)
    assert repeated.shape == b.shape
    assert collected.shape == a.shape
    np.testing.assert_allclose(np.vdot(repeated, b), np.vdot(a, collected), rtol=0, atol=1e-12)


@given(n_rows=st.integers(0, 30), at_once=st.integers(1, 12))
def test_blocks_cover_every_row_once(n_rows, at_once):
    blocks = list(row_blocks(n_rows, at_once))
    rows = [row for block in blocks for row in range(n_rows)[block]]
    assert rows == list(range(n_rows))
    sizes = [block.stop - block.start for block in blocks]
    assert sum(sizes) == n_rows
    assert all(size == at_once for size in sizes[:-1])
    assert all(0 < size <= at_once for size in sizes)


def test_an_empty_block_is_refused():
    with pytest.raises(ValueError):
        list(row_blocks(3, 0))
