"""The linear VAE is probabilistic PCA, and what collapse really is.

The question: which VAE can be solved on paper, and what does the solution say about latent
dimensions that a VAE does not use?

You need: tutorials 04, 06 and 07, the multivariate normal distribution. It runs in six seconds.

At the end you will have seen a VAE whose ELBO is the exact log-likelihood to nine digits. Its
decoder finds PCA's axes, which the linear autoencoder does not. And you will know a formula that
says which of its latents collapse, and does not blame the ELBO.
"""

import os

import numpy as np
from scipy import stats

import minivae as mv
from minivae.course import one_thread, show
from minivae.diagnostics import gaussian_rate_distortion, kl_per_dimension, posteriors
from minivae.linear import exact_elbo, fit_linear_vae
from minivae.plots import bases_side_by_side, new_axes, rate_distortion, scree
from minivae.plots.style import COLORS, LINES, MARKERS, finish

QUICK = bool(os.environ.get("MINIVAE_QUICK"))
one_thread()  # a second one would wait for a core that another program uses

# %% A model of data
# Probabilistic PCA (Tipping and Bishop, 1999) says how the data arise: a code z of k independent
# standard normal numbers, a linear map, and noise of one variance s2 on every feature:
#
#     z ~ N(0, I_k)        x = z W + b + noise        noise ~ N(0, s2 I_d)
#
# Everything in this model is normal, so x is normal too: its mean is b, and its covariance is C =
# W^T W + s2 I. For a deep decoder nobody can solve the integral over z; here it is solved. Take
# 1,000 points of such a model, with d = 6, k = 3, rows of W of lengths 3, 2 and 1, and s2 = 0.25.
# The eigenvalues of C are the squared lengths plus s2: 9.25, 4.25, 1.25, and three times 0.25. You
# should see them, up to the luck of 1,000 draws.

X = mv.datasets.linear_gaussian(1000, 6, 3, noise=0.5, rng=0).X
lam, U = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
lam, U = lam[::-1], U[:, ::-1]  # largest first; eigenvectors in columns
print(lam.round(2))
assert np.allclose(lam, [9.25, 4.25, 1.25, 0.25, 0.25, 0.25], rtol=5 * np.sqrt(2 / len(X)))

# %% The most likely W and s2
# ? The noise must explain every direction that no latent explains. Is its variance their
# ? eigenvalues' sum, mean or smallest?
# Why do eigenvalues come in? Of the data, the normal likelihood sees mean and covariance alone.
# Turn to the eigenvectors: direction i has the variance lam_i in the data, c_i in the model, and
# costs
#
#     1/2 [ log c_i + lam_i / c_i ]          derivative in c_i: zero where c_i = lam_i
#
# By hand, lam = 4, without the 1/2: c = 2 costs 0.69 + 2 = 2.69, c = 4 costs 1.39 + 1 = 2.39, and c
# = 8 costs 2.08 + 0.5 = 2.58. A model too sure of itself pays in the second term, one too wide in
# the first. Where directions must share one c, the derivative is zero at the mean of their lam.
#
# The k rows of W explain k directions, and noise explains the rest: s2 is the *mean* of the
# discarded eigenvalues. Along a kept axis the variance w^2 + s2 should be lam, so the row of W has
# the length
#
#     |w_i| = sqrt(lam_i - s2)        along eigenvector i        s2 = mean of lam_(k+1) ... lam_d
#
# `mv.ProbabilisticPCA` computes this. SciPy's multivariate normal confirms its log-likelihood.

costs = [np.log(c) + 4 / c for c in (2, 4, 8)]
print(f"lam = 4, c = 2, 4, 8: {np.round(costs, 2)}")  # 2.69, 2.39, 2.58
assert np.allclose(costs, [2.69, 2.39, 2.58], atol=0.005)

k = 3
ppca = mv.ProbabilisticPCA(k).fit(X)
s2 = lam[k:].mean()
C = ppca.W_.T @ ppca.W_ + ppca.noise_variance_ * np.eye(6)
by_scipy = stats.multivariate_normal(X.mean(axis=0), C).logpdf(X).mean()
print(f"s2 {ppca.noise_variance_:.4f}, log-likelihood {ppca.score(X):.6f} nats")
print(f"SciPy: {by_scipy:.6f}")
assert abs(ppca.noise_variance_ - s2) < 1e-12
assert np.allclose(np.sum(ppca.W_**2, axis=1), lam[:k] - s2)
assert abs(ppca.score(X) - by_scipy) < 1e-10

# %% The posterior: one dimension first
# Which z made this x? With one latent, one feature and b = 0, log p(z) + log p(x | z) is, up to a
# constant,
#
#     -1/2 [ z^2 + (x - w z)^2 / s2 ] = -1/2 [ (w^2 + s2)/s2 z^2 - 2 w x / s2 z + ... ]
#
# This is a quadratic in z: a normal density, of precision (w^2 + s2) / s2 and mean w x / (w^2 +
# s2). With matrices, M = W W^T + s2 I, of shape k x k, takes the place of w^2 + s2:
#
#     p(z | x) = N( (x - b) W^T M^-1,  s2 M^-1 )
#
# PCA would divide by w. The posterior mean divides by more, because the prior pulls it towards 0.
# On the axes of maximum likelihood M_ii = lam_i, and the posterior variance is s2 / lam_i.

mu, covariance = ppca.posterior(X)
M = ppca.W_ @ ppca.W_.T + s2 * np.eye(k)
print(np.diag(covariance).round(4))  # s2 / lam_i
assert np.allclose(mu, (X - X.mean(axis=0)) @ ppca.W_.T @ np.linalg.inv(M))
assert np.allclose(covariance, np.diag(s2 / lam[:k]), atol=1e-12)

# %% The likelihood does not know the axes
# C contains W only as W^T W. Turn the code by any rotation R, W -> R W: then W^T R^T R W = W^T W,
# so C and every likelihood stay the same. Like the linear autoencoder, the model knows a plane, but
# no axes in it. `ProbabilisticPCA` returns PCA's axes because it chooses to.

R = stats.ortho_group.rvs(k, random_state=0)
turned = R @ ppca.W_
assert np.allclose(turned.T @ turned, ppca.W_.T @ ppca.W_)

# %% The same model as a VAE
# Take a VAE without hidden layers, whose Gaussian likelihood has a learned variance. The decoder is
# z W + b. The encoder returns mu = x V + c, and a log variance for each latent. From tutorial 06:
#
#     ELBO = log p(x) - KL( q(z | x) || p(z | x) )
#
# The true posterior is normal, and its mean is linear in x. So q could be the posterior itself,
# with a KL of zero and an ELBO equal to the log-likelihood, if the posterior covariance s2 M^-1
# were *diagonal*, as a VAE's q always is. It is diagonal if the rows of W are orthogonal. And for
# every W some rotation R makes them orthogonal, at no cost in likelihood.
#
# Training needs no noise: -log p(x | z) is quadratic in z, and k + 1 well-chosen points give the
# exact mean of a quadratic. `fit_linear_vae` uses them, with L-BFGS, from random weights.

vae = mv.VAE(6, k, likelihood=mv.Gaussian("learned"), rng=0)
n_iterations = fit_linear_vae(vae, X)
elbo = exact_elbo(vae, X).elbo.mean()
print(f"ELBO {elbo:.9f} after {n_iterations} iterations")
print(f"log-likelihood {ppca.score(X):.9f}")
assert abs(elbo - ppca.score(X)) < 1e-7

# %% The VAE finds the axes
# ? The likelihood does not change if the code is rotated. Does the ELBO?
# W W^T has shape k x k. Off its diagonal nothing is left, and its diagonal holds lam_i - s2, in
# some order. So the rows of W are the principal axes. The ELBO has decided what the likelihood left
# open, because a diagonal q fits only there (Lucas et al., 2019).

W = vae.params["decoder.0.W"]
print((W @ W.T).round(4))
print((lam[:k] - s2).round(4))
assert np.allclose(np.sort(np.diag(W @ W.T)), np.sort(lam[:k] - s2), rtol=1e-4)
assert np.abs(W @ W.T - np.diag(np.diag(W @ W.T))).max() < 1e-3

# %% What a rotation costs
# Turn the decoder, and give it the best encoder. The likelihood stays the same. The best diagonal q
# has the variances 1 / P_ii, where P = M / s2 is the precision of the posterior, and it misses the
# posterior by
#
#     KL = 1/2 ( sum_i log P_ii - log |P| )
#
# nats, the same for every x: the price of a diagonal q. It is 0 only if P is diagonal. Otherwise
# the product of the diagonal of a positive definite matrix is larger than its determinant
# (Hadamard). The weights below are set by hand; the model bounds its log variances by 20 tanh(raw /
# 20).


def elbo_of(W, s2):
    """Return the mean ELBO of a decoder W with the best diagonal encoder for it."""
    M = W @ W.T + s2 * np.eye(k)
    model = mv.VAE(6, k, likelihood=mv.Gaussian(np.sqrt(s2)), rng=0)
    V = W.T @ np.linalg.inv(M)  # (6, k)
    params, mean = model.params, X.mean(axis=0)
    params["decoder.0.W"][...], params["decoder.0.b"][...] = W, mean
    params["encoder.0.W"][...] = np.hstack([V, np.zeros((6, k))])  # mu, then log variance
    raw = 20 * np.arctanh(np.log(s2 / np.diag(M)) / 20)
    params["encoder.0.b"][...] = np.hstack([-mean @ V, raw])
    return exact_elbo(model, X).elbo.mean()


P = R @ M @ R.T / s2
price = 0.5 * (np.log(np.diag(P)).sum() - np.linalg.slogdet(P).logabsdet)
gap = ppca.score(X) - elbo_of(turned, s2)
print(f"PCA's axes: {ppca.score(X) - elbo_of(ppca.W_, s2):.1e} nats below the likelihood")
print(f"turned: {gap:.6f} nats below, predicted {price:.6f}")
assert abs(elbo_of(ppca.W_, s2) - ppca.score(X)) < 1e-9
assert abs(gap - price) < 1e-9
assert gap > 0.1

# %% On a photograph
# The data need not be normal: the ELBO of a linear VAE depends only on their mean and covariance.
# Take patches of 6 x 6 pixels, and four latents. The picture shows the patterns of PCA on the left,
# and the VAE's rows of W, scaled to length 1, on the right. Up to sign and order they are the same,
# whereas a linear autoencoder found mixtures (tutorial 04).

patches = mv.datasets.image_patches(500 if QUICK else 3000, size=6, rng=0)
report = mv.verify_ppca_equivalence(patches, 4, rng=0)
print(report)
assert report.ok

on_patches = mv.VAE(36, 4, likelihood=mv.Gaussian("learned"), rng=0)
fit_linear_vae(on_patches, patches)
rows = on_patches.params["decoder.0.W"]
rows = rows[np.argsort(-np.sum(rows**2, axis=1))]
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
axes = mv.PCA(4).fit(patches).components_
cosines = np.sum(rows * axes, axis=1)
assert np.all(np.abs(cosines) > 0.999)
bases = {"PCA": axes, "rows of the VAE's W": rows * np.sign(cosines)[:, None]}
show(bases_side_by_side(bases, n_columns=2), "10_axes")

# %% Collapse: one latent
# Now fix the decoder's variance s2, as most VAEs do, and take one latent and one direction of
# variance lam. The variance of the model along it is w^2 + s2, and the log-likelihood per point,
#
#     -1/2 [ log(w^2 + s2) + lam / (w^2 + s2) ] + constant
#
# is largest at w^2 + s2 = lam, *if that is possible*. If lam < s2, the noise alone is already too
# large, and the best choice is w = 0. Then p(x | z) ignores z, the posterior is the prior, and the
# KL is 0: the latent has collapsed. This argument uses no encoder, no bound and no optimizer.
# Maximum likelihood itself asks for the collapse.

squares = np.linspace(0, 4, 401)
ax = new_axes()
for i, variance in enumerate((3.0, 1.5, 0.6)):
    value = -0.5 * (np.log(squares + 1) + variance / (squares + 1))
    value -= value[0]
    label = rf"variance of the data $\lambda$ = {variance:g}"
    ax.plot(squares, value, LINES[i], color=COLORS[i], label=label)
    best = squares[np.argmax(value)]
    ax.plot(best, value.max(), MARKERS[i], color=COLORS[i])
    print(f"lam {variance}: best w^2 {best:.2f}")  # 2.00, 0.50, 0.00
    assert abs(best - max(variance - 1, 0)) < 0.011
finish(ax, r"$w^2$, with the decoder's variance $s^2$ = 1", "log-likelihood gained (nats)")
show(ax.figure, "10_one_latent")

# %% Collapse: the formula
# The same holds for each latent of a linear VAE. With a weight beta on the KL, W depends only on
# the product t = beta s2 (multiply the loss by s2 to see why):
#
#     |w_i|^2 = max(lam_i - t, 0)         variance of q = min(t / lam_i, 1)
#     KL_i    = 1/2 log(lam_i / t)        if lam_i > t, else 0
#
# Train five VAEs on the data above, from little noise to much. You should see 3, 3, 2, 1 and 0
# latents in use, and the KLs of the formula. Two settings have the same t, and give the same
# result.

settings = ((0.5, 1.0), (0.25, 2.0), (2.0, 1.0), (3.0, 2.0), (10.0, 1.0))  # s2, beta
for s2_fixed, beta in settings:
    t = beta * s2_fixed
    model = mv.VAE(6, k, likelihood=mv.Gaussian(np.sqrt(s2_fixed)), beta=beta, rng=0)
    fit_linear_vae(model, X)
    lengths = np.sort(np.sum(model.params["decoder.0.W"] ** 2, axis=1))[::-1]
    kl = np.sort(kl_per_dimension(*posteriors(model, X)))[::-1]
    predicted = 0.5 * np.log(np.maximum(lam[:k] / t, 1))
    print(f"t = {t:4.1f}: {np.sum(lengths > 1e-3)} in use, KL {kl.round(3)}, {predicted.round(3)}")
    assert np.allclose(lengths, np.maximum(lam[:k] - t, 0), atol=1e-3)
    assert np.allclose(kl, predicted, atol=1e-3)

# %% Rate and distortion
# The sum of the KLs is the rate: the nats that the code uses. The distortion is the squared error
# between x and a decoded sample: t for each latent in use, and lam_i for every other direction.
# Information theory calls this reverse water-filling. For normal data no code has less distortion
# at the same rate (Shannon). The linear VAE lies on this curve.

rates, distortions = [], []
levels = np.geomspace(0.3, 12, 4 if QUICK else 8)
for t in levels:
    model = mv.VAE(6, k, likelihood=mv.Gaussian(np.sqrt(t)), rng=0)
    fit_linear_vae(model, X)
    parts = exact_elbo(model, X)
    rates.append(parts.kl.mean())
    # -log p(x | z) = d/2 log(2 pi t) + |x - x_hat|^2 / (2 t)
    distortions.append(t * (-2 * parts.reconstruction.mean() - 6 * np.log(2 * np.pi * t)))
curve = np.array([gaussian_rate_distortion(lam, t, k) for t in np.geomspace(0.26, 12, 200)])
exact = np.array([gaussian_rate_distortion(lam, t, k) for t in levels])
assert np.allclose(np.column_stack([rates, distortions]), exact, atol=1e-3)
labels = [f"t = {t:.2g}" for t in levels]
unit = "squared error, summed"
artists = rate_distortion(rates, distortions, bound=tuple(curve.T), labels=labels, unit=unit)
artists[0].set_linestyle("none")
artists[0].axes.legend(frameon=False)
show(artists, "10_rate_distortion")

# %% How many latents can a data set use?
# A data set can use as many latents as it has lam_i > s2. A plain sum of squares over two stands
# for s2 = 1. For patches with pixels between 0 and 1, that leaves one latent of 36. This is why a
# VAE of such patches collapses with an unscaled squared error, and not because training fails. The
# learned s2, the mean of what four latents leave out, is so small that 14 latents would pay. But
# with 14 latents the learned s2 is smaller again, and a 15th pays too: a learned s2 is below the
# smallest kept eigenvalue by its nature, and collapses no latent.

spectrum = np.linalg.eigvalsh(np.cov(patches, rowvar=False, bias=True))[::-1]
learned = report.noise_variance
print(f"above s2 = 1: {np.sum(spectrum > 1)}; above the learned {learned:.4f}: ", end="")
print(np.sum(spectrum > learned))
assert np.sum(spectrum > 1) == 1
assert np.sum(spectrum > learned) > 10
ax = scree(spectrum)[0].axes
ax.axhline(1, color=COLORS[1], linestyle="--", label="s2 = 1")
ax.axhline(learned, color=COLORS[2], linestyle="-.", label=f"learned with 4 latents: {learned:.4f}")
ax.legend(frameon=False)
show(ax.figure, "10_who_collapses")

# %% The other collapse
# ? Every latent would pay, and yet all of them stay empty. How can training stay there?
# There is also a collapse that is not an optimum. Start with W = 0, and an encoder that returns the
# prior for every x, as `fit_linear_vae` does. The decoder ignores z, so the encoder learns nothing.
# mu = 0 says nothing about x, so W learns nothing. Both gradients are zero, although 3 latents
# would pay: it is a saddle. A push of 0.001 is enough to leave it, and so is the noise of ordinary
# training. So look at lam_i > t first: if it says "active" and the latent is not, training is at
# fault.


def latents_in_use(push, train):
    model = mv.VAE(6, k, likelihood=mv.Gaussian(0.5), rng=0)
    model.params["encoder.0.W"][...] = 0
    model.params["decoder.0.W"][...] *= push
    train(model)
    return np.sum(kl_per_dimension(*posteriors(model, X)) > 0.01)


def with_noise(model):
    model.fit(X, epochs=100, optimizer=mv.Adam(0.01), rng=0)


at_zero, pushed = (latents_in_use(p, lambda model: fit_linear_vae(model, X)) for p in (0, 1e-3))
by_noise = latents_in_use(0, with_noise)
print(f"from W = 0: {at_zero} in use; with a push {pushed}, with noise {by_noise}")
assert (at_zero, pushed, by_noise) == (0, k, k)

# %% From linear to deep
# A deep VAE has no eigenvalues to read off, its q is not the posterior, and it can collapse for
# other reasons. But it has a threshold of the same form: a latent pays only if it explains more
# variance than beta times the decoder's noise. Tutorial 09 changes beta.

# %% Exercises
# Fill in three functions in tutorials/exercises/10_linear_vae.py:
#
# 1. fit_ppca: the noise variance and the covariance of the most likely model.
# 2. posterior: mean and covariance of the code, given x.
# 3. collapse: lengths and KLs from eigenvalues, decoder variance and beta.
#
# Then ask: python -m minivae check tutorials/exercises/10_linear_vae.py
