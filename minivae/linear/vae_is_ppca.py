"""The linear VAE: its exact expected loss, whose minimum is probabilistic PCA.

With a linear decoder and a Gaussian likelihood, ``log p(x | z)`` is quadratic in the noise `eps` of
``z = mu + sigma eps``. The mean of a quadratic function needs no sampling: any points with the mean
and the covariance of `eps` give the exact mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minivae.edge.checks import (
    ArgumentError,
    Array,
    as_batch,
    as_data_set,
    check_integer,
    check_real,
    shown,
)
from minivae.linear.principal_axes import principal_axes
from minivae.linear.probabilistic_pca import ProbabilisticPCA
from minivae.models.objectives import Losses
from minivae.models.passes import ElboParts
from minivae.models.vae import VAE
from minivae.nn.layers import Dense
from minivae.nn.likelihoods import Gaussian
from minivae.nn.rows import row_blocks
from minivae.training.lbfgs import minimize

ROWS = 4096  # decoded at once


def sigma_points(n_dims: int) -> Array:
    """Return the fewest points whose mean is 0 and whose covariance is the identity.

    They are the corners of a regular simplex.

    Parameters
    ----------
    n_dims : int

    Returns
    -------
    array, shape (n_dims + 1, n_dims)

    References
    ----------
    Julier, Uhlmann: Unscented filtering and nonlinear estimation, Proceedings of the IEEE 92
    (2004), for the idea.
    """
    n = check_integer("n_dims", n_dims, 1) + 1
    # columns of length sqrt(n), orthogonal to each other and to (1, ..., 1)
    basis = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n, n - 1)])).Q
    return np.sqrt(n) * basis[:, 1:]


def with_sigma_points(X: ArrayLike, n_latent: int) -> tuple[Array, Array]:
    """Return every row of `X` ``n_latent + 1`` times, and a sigma point as the noise of each.

    For a VAE with a linear decoder and a Gaussian likelihood, ``model.loss_and_grads(rows,
    eps=eps)`` is then the exact expected loss and its gradient.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_features)
    n_latent : int

    Returns
    -------
    rows : array, shape (n_samples * (n_latent + 1), n_features)
    eps : array, shape (n_samples * (n_latent + 1), n_latent)
    """
    X, points = as_batch(X, name="X"), sigma_points(check_integer("n_latent", n_latent, 1))
    return np.repeat(X, len(points), axis=0), np.tile(points, (len(X), 1))


def exact_elbo(model: VAE, X: ArrayLike) -> ElboParts:
    """Return the exact ELBO of each example: its expectation over the noise, without sampling.

    Parameters
    ----------
    model : VAE
        It has a linear decoder, and a Gaussian likelihood with one variance.
    X : array_like or memmap, shape (n_samples, n_features)
        It is read in blocks of rows, never copied whole.

    Returns
    -------
    ElboParts
        ``(elbo, reconstruction, kl)``, each (n_samples,), in nats.

    Raises
    ------
    ValueError
        `model` is another one, whose reconstruction term is not quadratic in the noise.
    """
    _gaussian(model)
    X = as_data_set(X, model.n_features, model.dtype)
    at_once = max(1, ROWS // (model.n_latent + 1))
    blocks = [_exact_parts(model, X[rows]) for rows in row_blocks(len(X), at_once)]
    return ElboParts(*map(np.concatenate, zip(*blocks, strict=True)))


def fit_linear_vae(model: VAE, X: ArrayLike, *, max_iterations: int = 10_000) -> int:
    """Train a VAE with linear encoder and decoder to the minimum of its expected loss, by L-BFGS.

    Parameters
    ----------
    model : VAE
        It has no hidden layers, float64 parameters, and a Gaussian likelihood with one variance.
        Its decoder starts from its present values, and its encoder starts from zero.
    X : array_like or memmap, shape (n_samples, n_features)
    max_iterations : int

    Returns
    -------
    int
        The number of iterations.

    Raises
    ------
    ValueError
        `model` is another one, or has classes, free nats, several importance samples or a
        regularizer, so that sigma points do not give its expected loss.

    Notes
    -----
    The best encoder has the same variance for every x, so the weights from x to `log_var` are held
    at zero. The loss is then quadratic in x and eps together. So the model is trained on sigma
    points of both: ``rank(X) + n_latent + 1`` rows with the mean and the covariance of all data
    with all noise.

    During training the encoder sees whitened data, and afterwards its weights take over the
    whitening. L-BFGS is several times faster when all directions of the input have one scale.
    """
    _gaussian(model)
    plain = model.n_classes == 0 and model.n_importance == 1 and model.regularizer is None
    if not (plain and _is_linear(model.encoder) and not np.any(model.objective.free_nats)):
        raise ArgumentError(
            "model must have hidden=(), n_classes=0, n_importance=1, free_nats=0 and no "
            f"regularizer, got {shown(model)}"
        )
    X = as_data_set(X, model.n_features)
    mean, squares, axes = principal_axes(X)
    axes, deviations = axes[squares > 0], np.sqrt(squares[squares > 0] / len(X))
    points = sigma_points(len(axes) + model.n_latent)
    whitened, eps = points[:, : len(axes)] @ axes, points[:, len(axes) :]
    rows = whitened @ (axes.T * deviations) @ axes + mean

    W, b = (model.params[f"encoder.0.{name}"] for name in "Wb")
    W[...], b[...] = 0, 0

    def loss_and_grads() -> tuple[Losses, dict[str, Array]]:
        losses, grads = model.loss_and_grads(whitened, target=rows, eps=eps)
        grads["encoder.0.W"][:, model.n_latent :] = 0
        return losses, grads

    n_iterations = minimize(model.params, loss_and_grads, max_iterations=max_iterations)
    W[...] = (axes.T / deviations) @ axes @ W
    b -= mean @ W
    return n_iterations


@dataclass(frozen=True)
class LinearVAEReport:
    """A trained linear VAE compared with probabilistic PCA, in nats per example.

    Attributes
    ----------
    elbo : float
        The mean ELBO of the trained VAE, without sampling noise.
    log_likelihood : float
        The largest mean log-likelihood of probabilistic PCA.
    off_diagonal : float
        The largest entry of the decoder's ``W @ W.T`` off the diagonal, relative to the largest
        entry of ``W @ W.T + noise_variance``. The likelihood does not fix the rotation of W; the
        ELBO does, and its maximum has zero here.
    noise_variance, predicted_noise_variance : float
        The variance that the VAE learned, and the mean of the discarded eigenvalues.
    n_latent, iterations : int
    tolerance : float
        The largest difference in nats for `ok`.
    """

    elbo: float
    log_likelihood: float
    off_diagonal: float
    noise_variance: float
    predicted_noise_variance: float
    n_latent: int
    iterations: int
    tolerance: float

    @property
    def difference(self) -> float:
        """The log-likelihood minus the ELBO, in nats."""
        return self.log_likelihood - self.elbo

    @property
    def ok(self) -> bool:
        """Whether the ELBO, the noise and the rows of W agree with probabilistic PCA."""
        noise = abs(self.noise_variance / self.predicted_noise_variance - 1)
        # the ELBO is flat at its maximum: it loses the square of an error of the parameters
        parameters = max(noise, self.off_diagonal)
        return abs(self.difference) <= self.tolerance and parameters**2 <= self.tolerance

    def __str__(self) -> str:
        return "\n".join(
            [
                f"linear VAE against probabilistic PCA, {self.n_latent} latents: "
                + ("the same" if self.ok else "NOT the same"),
                f"  ELBO of the trained VAE          {self.elbo:.12g} nats",
                f"  largest log-likelihood           {self.log_likelihood:.12g} nats",
                f"  difference                       {self.difference:.1e} nats  "
                f"(at most {self.tolerance:.0e})",
                f"  noise variance, learned          {self.noise_variance:.9g}",
                f"  mean of discarded eigenvalues    {self.predicted_noise_variance:.9g}",
                f"  W W^T off its diagonal, relative {self.off_diagonal:.1e}",
                f"  iterations of L-BFGS             {self.iterations}",
            ]
        )


def verify_ppca_equivalence(
    X: ArrayLike,
    n_latent: int,
    *,
    tolerance: float = 1e-6,
    max_iterations: int = 10_000,
    rng: int | np.random.Generator | None = None,
) -> LinearVAEReport:
    """Train a linear VAE with a learned variance, and compare its ELBO with probabilistic PCA.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_features)
    n_latent : int
        1 <= n_latent < n_features.
    tolerance : float
        The largest difference in nats for `ok`.
    max_iterations : int
        The largest number of iterations of L-BFGS.
    rng : int or numpy.random.Generator, optional
        Draws the initial decoder.

    Returns
    -------
    LinearVAEReport

    Raises
    ------
    TypeError, ValueError
        An argument is out of its range, or `n_latent` axes leave no variance for the noise.

    References
    ----------
    Lucas, Tucker, Grosse, Norouzi: Don't blame the ELBO! A linear VAE perspective on posterior
    collapse, NeurIPS 2019, arXiv 1911.02469.
    """
    data = as_batch(X, name="X")
    n_features = data.shape[1]
    check_integer("n_latent", n_latent, 1, n_features - 1, of="n_features-1=")
    check_real("tolerance", tolerance, 0)
    exact = ProbabilisticPCA(n_latent).fit(data)
    # the data in units of their own scale, which adds log(unit) nats to the ELBO of every feature
    unit = float(np.sqrt(data.var(axis=0).mean()))
    standardised = (data - exact.mean_) / unit
    model = VAE(n_features, n_latent, likelihood=Gaussian("learned", min_sigma=1e-6), rng=rng)
    iterations = fit_linear_vae(model, standardised, max_iterations=max_iterations)
    W, variance = model.params["decoder.0.W"], decoder_variance(model)
    squares = np.diag(W @ W.T)
    off_diagonal = np.abs(W @ W.T - np.diag(squares)).max()
    return LinearVAEReport(
        elbo=float(np.mean(exact_elbo(model, standardised).elbo)) - n_features * np.log(unit),
        log_likelihood=exact.score(data),
        off_diagonal=float(off_diagonal / (squares.max() + variance)),
        noise_variance=unit**2 * variance,
        predicted_noise_variance=exact.noise_variance_,
        n_latent=n_latent,
        iterations=iterations,
        tolerance=tolerance,
    )


def decoder_variance(model: VAE) -> float:
    """Return the variance of a VAE's Gaussian likelihood, fixed or learned."""
    _, log_var = _gaussian(model).mean_and_log_var(np.zeros((1, 1)))
    return float(np.exp(log_var).item())


def _exact_parts(model: VAE, x: Array) -> ElboParts:
    """Return the parts of the ELBO of each row of `x`, averaged over the sigma points."""
    rows, eps = with_sigma_points(x, model.n_latent)
    parts = model.elbo(rows, eps=eps)
    return ElboParts(*(part.reshape(len(x), -1).mean(axis=1) for part in parts))


def _is_linear(network: Any) -> bool:
    """Return whether `network` is a single dense layer, which ``hidden=()`` makes."""
    return [type(layer) for layer in getattr(network, "layers", ())] == [Dense]


def _gaussian(model: VAE) -> Gaussian:
    """Return the likelihood of `model`, if its reconstruction term is quadratic in the noise."""
    if isinstance(model, VAE) and _is_linear(model.decoder):
        likelihood = model.likelihood
        if isinstance(likelihood, Gaussian) and likelihood.sigma != "predicted":
            return likelihood
    raise ArgumentError(
        "model must be a VAE with a linear decoder and a Gaussian likelihood with one variance "
        f"(hidden=(), sigma a number or 'learned'), got {shown(model)}"
    )
