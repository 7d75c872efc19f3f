"""The closed forms that the claims on the linear VAE start from."""

import numpy as np
import pytest

from minivae.claims import linear_vae as claims_of_ppca
from minivae.claims import vae_rigs
from minivae.linear import probabilistic_pca


def test_the_closed_form_is_the_fitted_likelihood():
    X = np.random.default_rng(0).standard_normal((40, 5)) * [3, 2, 1, 1, 0.5]
    lam = np.linalg.eigvalsh(np.cov(X, rowvar=False, bias=True))[::-1]
    model = probabilistic_pca.ProbabilisticPCA(2).fit(X)
    assert vae_rigs.largest_log_likelihood(lam, 2) == pytest.approx(model.score(X))
    centred, W, s2 = X - X.mean(axis=0), model.W_, model.noise_variance_
    assert claims_of_ppca.log_likelihood(centred, W, s2) == pytest.approx(model.score(X))
