"""What a weight of the KL is measured by, against closed forms and hand-made models."""

import numpy as np
import pytest
from scipy import stats

import minivae as mv
from minivae.studies import weight_measures as measures
from minivae.studies.bench import Trial

SIZE = {"n_train": 500, "n": 100}


def test_the_lectures_loss_is_that_of_a_decoder_of_variance_one():
    """D / 2 times ``mean (x - x_hat)^2 + w KL`` and minus the ELBO with beta = w D / 2."""
    rng = np.random.default_rng(0)
    x, weight = rng.random((5, measures.N_FEATURES)), 8e-4
    beta = weight * measures.N_FEATURES / 2
    model = mv.VAE(measures.N_FEATURES, 3, likelihood="gaussian", beta=beta, rng=0)
    eps = rng.standard_normal((5, 3))
    losses = model.losses(x, eps=eps)
    mu, log_var = model.encode(x)
    x_hat = model.decode(mu + np.exp(log_var / 2) * eps)
    lecture = np.mean((x - x_hat) ** 2) + weight * losses["kl"]
    constant = measures.N_FEATURES / 2 * np.log(2 * np.pi)
    assert losses["loss"] == pytest.approx(measures.N_FEATURES / 2 * lecture + constant)
    assert beta == pytest.approx(0.3136)


def test_the_elbo_on_the_plane_is_that_of_a_normal():
    rng = np.random.default_rng(1)
    residuals = rng.standard_normal((20, measures.N_FEATURES))
    error = float(np.mean(np.sum(residuals**2, axis=1)))
    expected = stats.norm(0, 0.5).logpdf(residuals).sum(axis=1).mean() - 3
    found = measures.on_the_plane(3.0, error, 0.25)
    assert found["ELBO"] == pytest.approx(expected)
    assert found["sigma"] == 0.5


def test_no_linear_vae_beats_the_best_linear_code():
    """Probabilistic PCA as a VAE, with the decoder variance of the level, is on the curve or above.

    Fitted to the test images themselves it would be on the curve.
    """
    trial, weight = Trial("digits", 0, None, print), 2e-3
    level = weight * measures.N_FEATURES / 2
    found = measures.best_linear(trial, weight=weight, **SIZE)
    x = trial.split(SIZE["n_train"], 2 * SIZE["n"]).test.astype(float)
    mean, axes = x.mean(axis=0), np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2]
    lam = np.var((x - mean) @ axes.T, axis=0)[: measures.N_LATENT]
    assert found["active units"] == np.sum(lam > level / 0.99) < measures.N_LATENT
    kept = lam > level
    share = np.sqrt(lam[kept] - level)  # the lengths of the rows of W
    mu = (x - mean) @ axes[: measures.N_LATENT][kept].T * share / lam[kept]
    variance = level / lam[kept]
    kl = 0.5 * np.sum(mu**2 + variance - 1 - np.log(variance), axis=1)
    x_hat = mean + mu * share @ axes[: measures.N_LATENT][kept]
    error = np.sum((x - x_hat) ** 2, axis=1).mean() + np.sum(variance * share**2)
    assert found["rate"] == pytest.approx(kl.mean())
    assert found["squared error"] == pytest.approx(error)


def test_the_schedules_end_at_the_weight_and_the_constant_is_the_models_own():
    for cure in measures.CURES:
        schedule = measures.schedule_of(cure, 100, 4.0)
        if "free" in cure:
            assert schedule is None
            assert np.sum(measures.free_nats_of(cure)) == pytest.approx(measures.FREE_NATS)
        else:
            assert measures.free_nats_of(cure) == 0
            assert schedule(0) < 0.1 < 3.9 < schedule(99 if cure != "cyclical" else 24)
    assert measures.schedule_of("", 100, 4.0) is None


def test_a_collapsed_code_tells_nothing_and_free_nats_bring_it_back():
    trial = Trial("digits", 0, None, print)
    size = {**SIZE, "epochs": 8, "hidden": [32]}
    collapsed = measures.weighted(trial, weight=1e-2, **size)
    assert collapsed["active units"] == 0
    assert collapsed["information"] < 0.1
    assert collapsed["squared error"] > 0.95 * measures.mean_image(trial, **SIZE)["squared error"]
    free = measures.weighted(trial, weight=1e-2, cure="free nats", **size)
    assert free["information"] > 0.3
    assert free["active units"] > 5
    light = measures.weighted(trial, weight=5e-5, **size)
    assert light["rate"] > free["rate"]
    assert light["information"] <= np.log(2 * SIZE["n"]) + 1e-9
    learned = measures.weighted(trial, weight=None, **size)
    assert 0.1 < learned["sigma"] < 1
