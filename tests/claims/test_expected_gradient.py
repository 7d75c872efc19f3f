"""The mean of backprop is the gradient of the mean loss, for random small VAEs."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from minivae.claims.expected_gradient import (
    gradient_of_mean,
    mean_backprop,
    narrow,
    nodes_and_weights,
)
from minivae.models.vae import VAE
from minivae.nn.likelihoods import Gaussian

LIKELIHOODS = st.sampled_from(
    ["bernoulli", "continuous_bernoulli", Gaussian(0.7), Gaussian("learned"), Gaussian("predicted")]
)


@settings(max_examples=200, deadline=None)
@given(
    n_features=st.integers(1, 3),
    n_latent=st.integers(1, 2),
    hidden=st.lists(st.integers(1, 3), max_size=2),
    activation=st.sampled_from(["tanh", "sigmoid", "softplus"]),
    likelihood=LIKELIHOODS,
    beta=st.sampled_from([0.0, 1.0, 2.5]),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_mean_of_backprop_is_the_gradient_of_the_mean_loss(
    n_features, n_latent, hidden, activation, likelihood, beta, seed
):
    rng = np.random.default_rng(seed)
    model = VAE(
        n_features,
        n_latent,
        hidden=hidden,
        activation=activation,
        likelihood=likelihood,
        beta=beta,
        rng=rng,
    )
    narrow(model)
    x = rng.random((2, n_features))
    eps, weights = nodes_and_weights(n_latent, 48 if n_latent == 1 else 32)
    found = mean_backprop(model, x, eps, weights)
    expected = gradient_of_mean(model, x, eps, weights)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
