import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

import minivae as mv

ROOT = Path(__file__).parents[1]

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 4)


def frozen(*arrays):
    """Return read-only copies: whoever writes to an argument raises."""
    copies = [np.array(array) for array in arrays]
    for copy in copies:
        copy.flags.writeable = False
    return copies


def scattered(model, seed=0, scale=0.5):
    """Give every parameter, biases too, a random value: at zero, errors could hide."""
    rng = np.random.default_rng(seed)
    for value in model.params.values():
        value += scale * rng.standard_normal(value.shape)
    return model


def check_jacobian(f, x, backward):
    """Compare a backward pass, run once for every output, with SciPy's own Jacobian of `f`."""
    differentiate = pytest.importorskip("scipy.differentiate")

    def flat(columns):  # (x.size, ...) -> (f.size, ...)
        return np.apply_along_axis(lambda v: f(v.reshape(x.shape)).ravel(), 0, columns)

    near = {"initial_step": 1e-3, "tolerances": {"atol": 1e-9, "rtol": 1e-9}}
    expected = differentiate.jacobian(flat, x.ravel(), **near)
    assert expected.success.all()
    y = f(x)
    units = np.eye(y.size).reshape(y.size, *y.shape)
    rows = [backward(unit).ravel() for unit in units]
    np.testing.assert_allclose(rows, expected.df, rtol=1e-7, atol=1e-8)


def linear_vae():
    """Return a linear VAE whose encoder is wrong, its exact model, 12 data, and their mean."""
    n_features, n_latent, sigma = 5, 3, 0.6
    rng = np.random.default_rng(0)
    W, b = rng.standard_normal((n_latent, n_features)), rng.standard_normal(n_features)
    vae = mv.VAE(n_features, n_latent, likelihood=mv.Gaussian(sigma), rng=0)
    vae.params["decoder.0.W"][...] = W
    vae.params["decoder.0.b"][...] = b
    exact = mv.bayes.LinearGaussianModel(W, sigma**2)
    M, precision = exact.posterior()
    vae.params["encoder.0.W"][...] = np.hstack([0.9 * M, np.zeros_like(M)])
    log_var = 0.3 - np.log(np.diag(precision))
    raw = 20 * np.arctanh(log_var / 20)  # what bound_log_var makes log_var
    vae.params["encoder.0.b"][...] = np.concatenate([-0.9 * b @ M, raw])
    x = rng.standard_normal((12, n_latent)) @ W + b
    return vae, exact, x + sigma * rng.standard_normal((12, n_features)), b


def load_gallery():
    """Return tutorials/gallery.py as a module of its own."""
    path = ROOT / "tutorials" / "gallery.py"
    spec = importlib.util.spec_from_file_location("gallery", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
