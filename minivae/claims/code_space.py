"""The code space: measures that do not depend on its coordinates, and two models compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from minivae import datasets, diagnostics
from minivae.claims import Outcome, claim
from minivae.claims.linear_rigs import data_with_spectrum
from minivae.claims.pictures import along
from minivae.claims.vae_rigs import trained
from minivae.edge.checks import Array
from minivae.linear import vae_is_ppca
from minivae.models import autoencoder, vae
from minivae.training.optimizers import Adam

N_LATENT = 10  # of the models of digits


@claim(
    "Continuity and completeness do not change if the code is re-parameterised linearly",
    source="derived here",
)
def measures_follow_the_code() -> Outcome:
    """With the encoder f(x) A and the decoder g(z A^-1), every measure stays the same.

    The reconstructions are the same, so a measure that depends on A would measure the units of the
    code instead of the model. Here distances are taken relative to the covariance C of the codes,
    which becomes A^T C A. Random codes are drawn along axes that are multiplied by A, too. A
    decoder and an encoder with tanh units are re-parameterised by five random matrices. The exact
    values are the cycle error, the holes and the distances by scipy for the original codes; for
    short steps, the mean square of the decoder's Jacobian by hand; for long steps, the first
    measured value.
    """
    rng = np.random.default_rng(0)
    k, m, n = 4, 12, 2000
    G, F = rng.standard_normal((k, m)), rng.standard_normal((m, k)) / m
    codes = rng.standard_normal((n, k)) @ rng.standard_normal((k, k)) + 1
    z = diagnostics.sample_codes(codes, 500, rng=1)
    decoded, images = np.tanh(z @ G), np.tanh(codes @ G)
    slopes = np.einsum("nm,km->nkm", 1 - images**2, G)  # (n, k, m)
    C = np.cov(codes, rowvar=False, bias=True)
    squares = np.einsum("nkm,kl,nlm->n", slopes, C, slopes) / k  # E over u of each step's square
    by_scipy = [cycle_error(decoded @ F - z, C), hole_fraction(z, codes, C), ratio(decoded, images)]
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
    exact = [np.mean(squares), measured[0][1], *by_scipy]
    # u is uniform: |J^T C^1/2 u|^2 scatters around its mean, by less than that mean
    error = 5 * np.sqrt(np.mean(squares**2) / n)
    return Outcome(
        np.broadcast_to(exact, (6, 5)),
        measured,
        tolerance=[error, 1e-8, 1e-8, 1e-8, 1e-8],
        because="five standard errors of 2,000 steps; rounding",
    )


def cycle_error(moved: Array, covariance: Array) -> float:
    """Return the mean square of the displacement of the codes, in variances of the codes."""
    origin = np.zeros((1, moved.shape[1]))
    squares = cdist(moved, origin, "mahalanobis", VI=np.linalg.inv(covariance)) ** 2
    return float(np.mean(squares) / moved.shape[1])


def hole_fraction(z: Array, codes: Array, covariance: Array) -> float:
    """Return the share of z further from every code than 99 % of the codes are from each other."""
    VI = np.linalg.inv(covariance)
    between = cdist(codes, codes, "mahalanobis", VI=VI)
    np.fill_diagonal(between, np.inf)
    near = np.quantile(between.min(axis=1), 0.99)
    return float(np.mean(cdist(z, codes, "mahalanobis", VI=VI).min(axis=1) > near))


def ratio(samples: Array, data: Array) -> float:
    """Return the median distance from sample to data, over the median distance within the data."""
    between = cdist(data, data)
    np.fill_diagonal(between, np.inf)
    return float(np.median(cdist(samples, data).min(axis=1)) / np.median(between.min(axis=1)))


@claim(
    "A unit step in whitened codes moves a linear decoder W by tr(W^T C W) / k in the mean square",
    source="derived here",
)
def continuity_of_a_linear_decoder() -> Outcome:
    """A step delta C^1/2 u, with u uniform on the sphere, has the covariance delta^2 C / k.

    E u u^T = I / k, because all directions are equivalent and |u| = 1. So the mean of |delta u^T
    C^1/2 W|^2 / delta^2 is tr(W^T C W) / k for every delta.
    """
    rng = np.random.default_rng(1)
    W, mixing = rng.standard_normal((5, 20)), rng.standard_normal((5, 5))
    codes = rng.standard_normal((100_000, 5)) @ mixing
    exact = np.trace(W.T @ np.cov(codes, rowvar=False, bias=True) @ W) / 5
    measured, errors = [], []
    deltas = [0.01, 1.0, 10.0]
    for delta in deltas:
        steps = diagnostics.decoded_steps(lambda z: z @ W, codes, delta=delta, rng=2) / delta
        errors.append(np.std(steps**2) / np.sqrt(len(steps)))
        measured.append(diagnostics.continuity(lambda z: z @ W, codes, delta=delta, rng=2))
    because = "five standard errors of 100,000 steps"
    bars = 5 * np.array(errors)
    moved = "mean square of the move / step^2"
    draw = along("length of the step", deltas, moved, exact, measured, tolerance=bars, log="x")
    return Outcome(np.full(3, exact), measured, tolerance=bars, because=because, draw=draw)


@claim(
    "Decoding and encoding a code with an optimal linear VAE shrinks it by t / lam_i",
    source="derived here",
)
def cycle_error_of_a_linear_vae() -> Outcome:
    """The mean of |mu(g(z)) - z|^2 / k over the prior is the mean of (t / lam_i)^2.

    Decoding gives x = z W, and encoding x gives z W W^T M^-1 with M = W W^T + t I. At the optimum
    |w_i|^2 = lam_i - t and M_ii = lam_i, so z_i becomes (1 - t / lam_i) z_i. The squared error is a
    quadratic function of z, so its mean over N(0, I) is its mean over sigma points.
    """
    lam, t = np.array([6.0, 2.6, 1.4, 0.2, 0.1]), 0.35
    X, _ = data_with_spectrum(lam, rng=0)
    model = trained(X, 3, np.sqrt(t))
    prior = vae_is_ppca.sigma_points(3)
    measured = diagnostics.cycle_error(model.transform, model.decode, prior, prior)
    cycled = model.transform(model.decode(prior))
    slopes = np.sort(np.linalg.svd(np.linalg.lstsq(prior, cycled)[0], compute_uv=False))[::-1]
    what = "length of a code after decoding and encoding"
    draw = along("eigenvalue", lam[:3].tolist(), what, 1 - t / lam[:3], slopes)
    because = "where L-BFGS stops"
    exact = np.mean((t / lam[:3]) ** 2)
    return Outcome(exact, measured, tolerance=1e-6, because=because, draw=draw)


@claim(
    "On drawn digits, over three seeds, a VAE's code is smoother and fuller than an autoencoder's",
    source="derived here",
)
def vae_is_more_complete() -> Outcome:
    """The KL pulls the codes towards N(0, I), and with the noise near codes decode to near images.

    Both models have the same layers and the same training of 40 epochs; they are compared on 1,000
    other images. For the VAE, codes are drawn from its prior. For the autoencoder they are drawn
    from the Gaussian with the mean and covariance of its codes; draws from N(0, I) would do worse,
    as the last row of the picture shows, because its codes can have any size. The measures are the
    distance of decoded draws from real images relative to the distance between real images, the
    share of draws in holes, the cycle error, and the continuity at one standard deviation. Neither
    model was trained on them, and smaller is better for each. Distances are scipy's. The VAE's mean
    over three seeds plus two standard errors of the difference must be smaller.
    """
    theirs, ours = np.array([_both_shortcomings(seed) for seed in range(3)]).swapaxes(0, 1)
    error = np.std(ours - theirs, axis=0, ddof=1) / np.sqrt(3)

    def draw(ax: Any) -> None:
        plain, model, images = _digit_models(0)
        prior = np.random.default_rng(0).standard_normal((10, N_LATENT))
        fitted = diagnostics.sample_codes(plain.encode(images), 10, rng=0)
        rows = {
            "VAE, N(0, I)": model.decode(prior),
            "autoencoder, fitted": plain.decode(fitted),
            "autoencoder, N(0, I)": plain.decode(prior),
        }
        tiles = np.stack(list(rows.values())).reshape(3, 10, 28, 28)
        ax.imshow(tiles.swapaxes(1, 2).reshape(84, 280), cmap="gray")
        ax.set_xticks([])
        ax.set_yticks([14, 42, 70], list(rows))
        ax.set_xlabel("decoded from codes drawn at random")

    return Outcome(
        exact=theirs.mean(axis=0),
        measured=ours.mean(axis=0) + 2 * error,
        relation="<=",
        draw=draw,
    )


def _digit_models(seed: int) -> tuple[Any, Any, Array]:
    """Return an autoencoder and a VAE of digits, and 1,000 images that they have not seen."""
    images = datasets.digits(2000, rng=seed).images
    options: dict[str, Any] = {"hidden": (100,), "dtype": np.float32, "rng": seed}
    models = [
        kind(784, N_LATENT, **options).fit(
            images[:1000], epochs=40, batch_size=100, optimizer=Adam(3e-3), rng=seed
        )
        for kind in (autoencoder.Autoencoder, vae.VAE)
    ]
    return models[0], models[1], images[1000:]


def _both_shortcomings(seed: int) -> list[list[float]]:
    """Return the measures of the autoencoder and of the VAE, in the order of the derivation."""
    plain, model, judges = _digit_models(seed)
    codes = plain.encode(judges), model.sample_posterior(judges, rng=seed)
    prior = np.random.default_rng(seed).standard_normal((1000, N_LATENT))
    draws = diagnostics.sample_codes(codes[0], 1000, rng=seed), prior
    rows = []
    for each, own, z in zip((plain, model), codes, draws, strict=True):
        C, decoded = np.cov(own, rowvar=False, bias=True), each.decode(z)
        rows.append(
            [
                ratio(decoded, judges),
                hole_fraction(z, own, C),
                cycle_error(each.transform(decoded) - z, C),
                diagnostics.continuity(each.decode, own, rng=seed),
            ]
        )
    return rows
