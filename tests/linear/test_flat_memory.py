"""Memory stays flat when a memmap of rows grows tenfold: no call copies it."""

import tracemalloc

import numpy as np
import pytest

from minivae import PCA, VAE, log_likelihood, verify_pca_equivalence
from minivae.edge import checks
from minivae.linear import principal_axes

WIDTH, FEW, MANY = 64, 2_000, 20_000
MODEL = VAE(WIDTH, 2, rng=0)
CALLS = {
    "fit": lambda X: VAE(WIDTH, 2, rng=0).fit(X, epochs=1, batch_size=100, rng=0),
    "PCA": lambda X: PCA(2).fit(X),
    "transform": lambda X: MODEL.transform(X),
    "PCA.transform": lambda X: PCA(2).fit(X[:100]).transform(X),
    "verify": lambda X: verify_pca_equivalence(X, 2, max_iterations=3, rng=0),
    "log_likelihood": lambda X: log_likelihood(MODEL, X, 1, rng=0),
}


def peak(call, X):
    tracemalloc.start()
    try:
        call(X)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", CALLS)
def test_memory_is_flat(name, tmp_path, monkeypatch):
    monkeypatch.setattr(principal_axes, "ROWS", 500)
    monkeypatch.setattr(
        checks.as_data_set,
        "__kwdefaults__",
        checks.as_data_set.__kwdefaults__ | {"rows_at_once": 500},
    )
    X = np.memmap(tmp_path / "X", np.uint8, "w+", shape=(MANY, WIDTH))
    for start in range(0, MANY, FEW):
        X[start : start + FEW] = np.random.default_rng(start).integers(0, 256, (FEW, WIDTH))
    CALLS[name](X[:FEW])  # what is imported and kept is so already
    small, large = (peak(CALLS[name], X[:n]) for n in (FEW, MANY))
    result = MANY * 2 * 8 * 4  # codes of two numbers for each row, and a few like them
    copy = MANY * WIDTH * 8
    assert large < small + result
    assert result < copy / 4  # else a copy would pass
