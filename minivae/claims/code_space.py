"""The code space: measures of it that follow the code, and what they say of two models."""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae import datasets, diagnostics
from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import data_with_spectrum
from minivae.claims.vae_rigs import trained
from minivae.edge.checks import Array
from minivae.linear import vae_is_ppca
from minivae.models import autoencoder, vae
from minivae.training.optimizers import Adam

N_LATENT = 10  # of the models of digits


@claim(
    "Continuity and completeness do not change when the code is re-parameterised",
    source="derived here",
)
def measures_follow_the_code() -> Outcome:
    """With f(x) A for the encoder and g(z A^-1) for the decoder every measure stays the same.

    The data that come out are the same, so a measure that depends on A measures the units of the
    code and not the model. Distances are taken in the codes' own covariance C, which becomes
    A^T C A; random codes are drawn along axes that become theirs times A. A decoder and an encoder
    with tanh units are re-parameterised by five random matrices.
    """
    rng = np.random.default_rng(0)
    k, m, n = 4, 12, 300
    G, F = rng.standard_normal((k, m)), rng.standard_normal((m, k)) / m
    codes = rng.standard_normal((n, k)) @ rng.standard_normal((k, k)) + 1
    measured = []
    for A in [np.eye(k), *rng.standard_normal((5, k, k))]:
        transformed = codes @ A

        def decode(z: Array, A: Array = A) -> Array:
            return np.tanh(np.linalg.solve(A.T, z.T).T @ G)

        def encode(x: Array, A: Array = A) -> Array:
            return x @ F @ A

        z = diagnostics.sample_codes(transformed, 500, rng=1)
        measured.append(
            [
                diagnostics.continuity(decode, transformed, delta=0.01, rng=2),
                diagnostics.continuity(decode, transformed, delta=1.0, rng=2),
                diagnostics.cycle_error(encode, decode, z, transformed),
                diagnostics.hole_fraction(z, transformed),
                diagnostics.sample_distance_ratio(decode(z), decode(transformed)),
            ]
        )
    return Outcome(np.broadcast_to(measured[0], (6, 5)), measured, tolerance=1e-8)


@claim("A linear decoder moves by tr(W^T C W) / k for a step in its code", source="derived here")
def continuity_of_a_linear_decoder() -> Outcome:
    """A step delta C^1/2 u with u uniform on the sphere has the covariance delta^2 C / k.

    E u u^T = I / k, since all directions are alike and |u| = 1. So the mean of
    |delta u^T C^1/2 W|^2 / delta^2 is tr(W^T C W) / k, at every delta.
    """
    rng = np.random.default_rng(1)
    W, mixing = rng.standard_normal((5, 20)), rng.standard_normal((5, 5))
    codes = rng.standard_normal((4000, 5)) @ mixing
    exact = np.trace(W.T @ np.cov(codes, rowvar=False, bias=True) @ W) / 5
    measured, errors = [], []
    for delta in (0.01, 1.0, 10.0):
        steps = diagnostics.decoded_steps(lambda z: z @ W, codes, delta=delta, rng=2) / delta
        errors.append(np.std(steps**2) / np.sqrt(len(steps)))
        measured.append(diagnostics.continuity(lambda z: z @ W, codes, delta=delta, rng=2))
    return Outcome(np.full(3, exact), measured, tolerance=5 * np.array(errors))


@claim(
    "A linear VAE shrinks a code by t / lam_i when it is decoded and encoded again",
    source="derived here",
)
def cycle_error_of_a_linear_vae() -> Outcome:
    """The mean of |mu(g(z)) - z|^2 / k over the prior is the mean of (t / lam_i)^2.

    Decoding gives x = z W, and encoding z W W^T M^-1 with M = W W^T + t I. At the optimum
    |w_i|^2 = lam_i - t and M_ii = lam_i, so z_i comes back as (1 - t / lam_i) z_i. The mean over
    N(0, I) needs no sampling, because the error is quadratic: sigma points have the same one.
    """
    lam, t = np.array([6.0, 2.6, 1.4, 0.2, 0.1]), 0.35
    X, _ = data_with_spectrum(lam, rng=0)
    model = trained(X, 3, np.sqrt(t))
    prior = vae_is_ppca.sigma_points(3)
    measured = diagnostics.cycle_error(model.transform, model.decode, prior, prior)
    return Outcome(np.mean((t / lam[:3]) ** 2), measured, tolerance=1e-6)


@claim(
    "On drawn digits the VAE's code is smoother and has fewer holes than the autoencoder's",
    source="derived here",
)
def vae_is_more_complete() -> Outcome:
    """The KL pulls the codes towards N(0, I), and its noise makes near codes mean near images.

    Both models have the same layers and the same training; 1,000 other images are the judges. Codes
    are drawn from the VAE's prior, and for the autoencoder from the Gaussian with the mean and
    covariance of its codes: from N(0, I), its codes being of any size, it would do worse, as the
    last three rows show. Smaller is better in all: the distance of decoded draws from real images,
    relative to that between real ones; the share of draws in holes; the cycle error; the
    continuity at one standard deviation; then distance, holes and the KL of the codes to N(0, I).
    """
    images = datasets.digits(2000, rng=0).images
    training, judges = images[:1000], images[1000:]
    prior = np.random.default_rng(0).standard_normal((1000, N_LATENT))

    plain = _digit_model(autoencoder.Autoencoder, training)
    codes = plain.encode(judges)
    fitted = diagnostics.sample_codes(codes, 1000, rng=0)
    theirs = _shortcomings(plain, codes, fitted, prior, judges)

    model = _digit_model(vae.VAE, training)
    codes = model.sample_posterior(judges, rng=0)
    ours = _shortcomings(model, codes, prior, prior, judges)

    def draw(ax: Any) -> None:
        rows = {
            "VAE, N(0, I)": model.decode(prior[:10]),
            "autoencoder, fitted": plain.decode(fitted[:10]),
            "autoencoder, N(0, I)": plain.decode(prior[:10]),
        }
        tiles = np.stack(list(rows.values())).reshape(3, 10, 28, 28)
        ax.imshow(tiles.swapaxes(1, 2).reshape(84, 280), cmap="gray")
        ax.set_xticks([])
        ax.set_yticks([14, 42, 70], list(rows))
        ax.set_xlabel("decoded from codes drawn at random")

    return Outcome(exact=theirs, measured=ours, relation="<=", draw=draw)


def _digit_model(kind: Any, images: Array) -> Any:
    model = kind(784, N_LATENT, hidden=(100,), dtype=np.float32, rng=0)
    return model.fit(images, epochs=40, batch_size=100, optimizer=Adam(3e-3), rng=0)


def _shortcomings(
    model: Any, codes: Array, fitted: Array, prior: Array, judges: Array
) -> list[float]:
    """Return the measures in the order of the claim's derivation; smaller is better in all."""
    return [
        diagnostics.sample_distance_ratio(model.decode(fitted), judges),
        diagnostics.hole_fraction(fitted, codes),
        diagnostics.cycle_error(model.transform, model.decode, fitted, codes),
        diagnostics.continuity(model.decode, codes, rng=0),
        diagnostics.sample_distance_ratio(model.decode(prior), judges),
        diagnostics.hole_fraction(prior, codes),
        diagnostics.kl_to_prior(codes.mean(axis=0), np.cov(codes, rowvar=False, bias=True)),
    ]
