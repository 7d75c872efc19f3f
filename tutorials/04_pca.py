"""PCA, and PCA is a linear autoencoder.

The question: which few directions describe the data best, and does a network find the same ones
when it learns to copy its input through a narrow code?

You need: tutorials 01 to 03, eigenvectors of a symmetric matrix, the mean and covariance of data.
It runs in five seconds.

At the end you will know why the direction of largest variance has the least error, and what the
discarded eigenvalues are. You will have trained a linear autoencoder that agrees with PCA to ten
digits, and seen in which sense the two still differ.
"""

import os

import numpy as np
from scipy.linalg import subspace_angles

import minivae as mv
from minivae.course import chosen_data, show
from minivae.plots import (
    angle_history,
    bases_side_by_side,
    new_axes,
    reconstructions,
    scree,
)
from minivae.plots.style import COLORS, LINES, finish

QUICK = bool(os.environ.get("MINIVAE_QUICK"))
DATA = chosen_data("patches")

# %% Four points, one number each
# Four points lie in the plane, and their mean is 0. We may keep one number for each: its place
# along a line through the origin. Let v be a unit vector along the line. Then
#
#     code            z     = x . v
#     reconstruction  x_hat = z v            (the foot of the perpendicular from x to the line)
#     error           |x - x_hat|^2
#
# Try the first axis, v = (1, 0). You should see errors of 1, 1, 1, 1: the second coordinate is
# lost.

X = np.array([[2.0, 1.0], [-2.0, -1.0], [0.5, -1.0], [-0.5, 1.0]])
v = np.array([1.0, 0.0])
z = X @ v  # (4,)
x_hat = z[:, None] * v  # (4, 2)
print(np.sum((X - x_hat) ** 2, axis=1))  # [1. 1. 1. 1.]

# %% Least error is largest variance
# ? The line of least error and the line of largest variance: are they the same line?
# Pythagoras says for one point: |x|^2 = (x . v)^2 + |x - x_hat|^2. Take the mean over the points.
# The left side becomes the total variance, which does not depend on v:
#
#     total variance = variance along v + error of projecting onto v
#
# So the line of least error is the line of largest variance. Turn the line: the two curves add up
# to 3.125 at every angle. The best angle is arctan(1/2) = 26.6 degrees, 26.5 on this grid of
# quarter degrees, and there the error is 0.625.

degrees = np.linspace(-90, 90, 721)
lines = np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1)  # (721, 2)
codes = X @ lines.T  # (4, 721)
variances = np.mean(codes**2, axis=0)
errors = np.array([np.mean(np.sum((X - np.outer(X @ v, v)) ** 2, axis=1)) for v in lines])
best = np.argmin(errors)
print(f"best angle {degrees[best]:.2f} degrees, error {errors[best]:.4f}")  # 26.50, 0.6250
assert np.allclose(variances + errors, 3.125, atol=1e-12)
assert abs(degrees[best] - np.degrees(np.arctan2(1, 2))) <= 0.25

ax = new_axes()
ax.plot(degrees, variances, LINES[0], color=COLORS[0], label="variance along the line")
ax.plot(degrees, errors, LINES[1], color=COLORS[1], label="error of projecting onto it")
ax.plot(degrees, variances + errors, ":", color="k", label="their sum")
ax.set_xticks([-90, -45, 0, 45, 90])
ax.set_ylim(0, 4.2)
finish(ax, "angle of the line (degrees)", "mean square")
ax.legend(frameon=False, ncols=3, loc="upper center", fontsize="small")
show(ax.figure, "04_turning_line")

# %% Why eigenvectors
# The variance along v is quadratic in v. In its middle stands the covariance S (the N points are
# the rows of X):
#
#     variance = 1/N sum_n (x_n . v)^2 = v^T S v                 S = X^T X / N
#
# Where is it largest among the unit vectors? Where its gradient 2 S v points along v, because
# otherwise turning v would raise it. So S v = lam v: v is an eigenvector, and the variance v^T S v
# = lam is its eigenvalue. By hand, S = [[2.125, 0.75], [0.75, 1]], and S (2, 1) = (5, 2.5) = 2.5
# (2, 1).

S = X.T @ X / len(X)
lam, vectors = np.linalg.eigh(S)  # eigh is for symmetric matrices, and returns the smallest first!
print(S)
print(lam)  # [0.625 2.5]
assert np.allclose(lam, [0.625, 2.5])
assert np.allclose(np.abs(vectors[:, 1]), np.array([2, 1]) / np.sqrt(5))

# %% Centre at both ends
# So far the mean of the data was 0. If it is not, subtract it at the beginning, and add it again at
# the end:
#
#     z = (x - mean) V^T            x_hat = z V + mean            (the rows of V: unit directions)
#
# One lecture says that its first step "standardises" the data, and then subtracts the mean. This is
# *centring*. Standardising also divides by the standard deviations, and it leads to another PCA. A
# common slip is half a centring: the covariance is centred, but the projection is not.

moved = X + np.array([10.0, -3.0])
pca = mv.PCA(1).fit(moved)
error = np.mean(np.sum((moved - pca.reconstruct(moved)) ** 2, axis=1))
half = moved @ pca.components_.T @ pca.components_
half_error = np.mean(np.sum((moved - half) ** 2, axis=1))
print(f"error {error:.3f}, with half a centring {half_error:.3f}")  # 0.625 and 51.825
assert abs(error - 0.625) < 1e-12
assert half_error > 10

# %% A divisor to know about
# `explained_variance_` is divided by N - 1, as in scikit-learn. An error averaged over the data is
# divided by N. Here the former is 2.5 * 4 / 3 = 3.333. If you forget the factor, two right numbers
# disagree.

print(pca.explained_variance_)  # [3.33333333]
assert np.allclose(pca.explained_variance_ * 3 / 4, 2.5)

# %% Real data: 64 numbers for each patch
# The patches are cut from a photograph, and have 8 x 8 pixels. Each eigenvector of the 64 x 64
# covariance is a pattern, and each patch is the mean patch plus a multiple of each pattern. Eckart
# and Young (1936) proved that no k-dimensional subspace has a smaller error than the plane of the
# first k eigenvectors. That error is the sum of the other eigenvalues, those that are discarded:
#
#     least error with k numbers = lam_(k+1) + ... + lam_m
#
# (MINIVAE_TUTORIAL_DATA=mnist takes the middles of MNIST's images instead.)

n_rows = 1000 if QUICK else 5000
if DATA == "mnist":
    digits = mv.datasets.mnist()[0][:n_rows].reshape(-1, 28, 28) / 255
    X = digits[:, 10:18, 10:18].reshape(-1, 64)
else:
    X = mv.datasets.image_patches(n_rows, size=8, rng=0)
N, m = X.shape
S = np.cov(X, rowvar=False, bias=True)  # bias=True: divided by N
lam = np.linalg.eigvalsh(S)[::-1]  # largest first
for k in (1, 4, 16):
    pca = mv.PCA(k).fit(X)
    error = np.mean(np.sum((X - pca.reconstruct(X)) ** 2, axis=1))
    print(f"k = {k:2d}: error {error:.4f}, discarded eigenvalues {lam[k:].sum():.4f}")
    assert abs(error / lam[k:].sum() - 1) < 1e-9

# %% The spectrum
# Four numbers of 64 keep most of the variance, because neighbouring pixels are nearly equal. The
# first number alone, the brightness of a patch, keeps 86 percent. The picture shows ten patches
# with much contrast, the hard ones. Four numbers keep broad areas of light and dark; edges need
# more.

k = 4
pca = mv.PCA(k).fit(X)
show(scree(lam, n_latent=k), "04_scree")
kept = lam[:k].sum() / lam.sum()
print(f"{k} of {m} directions keep {kept:.1%} of the variance, one {lam[0] / lam.sum():.0%}")
assert kept > (0.3 if DATA == "mnist" else 0.8)

rough = np.argsort(X.var(axis=1))[-200::20]  # ten patches with much contrast
with_16 = mv.PCA(16).fit(X).reconstruct(X[rough])
picture = reconstructions(X[rough], {"4 numbers": pca.reconstruct(X[rough]), "16 numbers": with_16})
picture.set_cmap("gray")
show(picture, "04_reconstructions")

# %% The same problem, as a network
# An autoencoder copies its input through a narrow code. Without activation functions it is two
# matrices, and PCA is one special case: W_e = V^T, W_d = V.
#
#     z = x W_e            x_hat = z W_d            L = 1/N sum_n |x_n - x_hat_n|^2
#
# The product W_e W_d has rank k at most, and by the same theorem no matrix of rank k does better
# than PCA. So the least L is known before any training: the sum of the discarded eigenvalues.
#
# For the gradients, take one number first: x_hat = x w_e w_d, r = x_hat - x, L = r^2. The chain
# rule gives dL/dw_d = 2 r z and dL/dw_e = 2 r w_d x. With matrices, and the mean over N rows, the
# two matrices are two dense layers (tutorial 01):
#
#     dx_hat = 2 (x_hat - x) / N      dW_d = z^T dx_hat      dz = dx_hat W_d^T      dW_e = x^T dz

centred = X - X.mean(axis=0)
model = mv.LinearAutoencoder(m, k, rng=0)
losses, grads = model.loss_and_grads(centred)
W_e, W_d = model.params["encoder.0.W"], model.params["decoder.0.W"]
dx_hat = 2 * (centred @ W_e @ W_d - centred) / N
assert np.allclose(grads["decoder.0.W"], (centred @ W_e).T @ dx_hat, atol=1e-12)
assert np.allclose(grads["encoder.0.W"], centred.T @ (dx_hat @ W_d.T), atol=1e-12)
assert mv.check_gradients(model, centred[:20]).ok

# %% Training
# Train with Adam first. Apart from the minima, every critical point of this loss is a saddle (Baldi
# and Hornik, 1989; tutorial 03 walks around one). Training gets stuck only if its start leads
# straight into a saddle, and a random start does not. So the loss falls close to that of PCA, but
# it jitters with the batches.

epochs = 30 if QUICK else 20
model.fit(centred, epochs=epochs, batch_size=50, optimizer=mv.Adam(3e-3), rng=0)
adam_loss = model.losses(centred)["loss"]
print(f"Adam: {adam_loss:.4f}, PCA: {lam[k:].sum():.4f}")
assert lam[k:].sum() <= adam_loss < 1.15 * lam[k:].sum()

# %% To the last digits
# "Close" proves little. `verify_pca_equivalence` minimises the same loss, with the same gradients,
# by L-BFGS until it falls no further. L-BFGS also estimates curvatures, and needs no learning rate.
# You should see three equal errors, and an angle between the two planes below 1e-5. The angle is
# the largest principal angle: turn the two bases within their planes until each pair of vectors is
# as close as possible, and take the angle of the worst pair. (`scipy.linalg.subspace_angles`
# computes it; its basis vectors are columns.)

report = mv.verify_pca_equivalence(X, k, rng=0)
print(report)
assert report.ok
steps = np.array(report.iterations)
artists = angle_history(steps[1:], report.angles[1:], tolerance=report.max_angle)
artists[0].axes.set(xscale="log", xlabel="iteration of L-BFGS")
show(artists, "04_angle")
assert subspace_angles(report.decoder.T, pca.components_.T)[0] < 1e-5

# %% And yet not the same
# ? A linear autoencoder has reached PCA's error. Are its code's axes the principal axes?
# A lecture says of the autoencoder's objective: "which is then equivalent to the aforementioned
# objective for PCA". This is true of the error and of the plane, but not of the axes. Take any
# invertible k x k matrix C:
#
#     (x W_e C) (C^-1 W_d) = x W_e W_d
#
# The encoder and the decoder change, and the loss stays the same: nothing in L prefers PCA's axes.
# The picture shows PCA's patterns on the left, ordered and orthogonal, and in the middle the
# patterns that training found, mixtures of PCA's. On the right is the autoencoder's plane with its
# *own* principal axes: PCA again.

C = np.random.default_rng(0).normal(size=(k, k))
before = model.losses(centred)["loss"]
W_e[...], W_d[...] = W_e @ C, np.linalg.solve(C, W_d)
after = model.losses(centred)["loss"]
print(f"loss {before:.10f}, with other axes {after:.10f}")
assert abs(after / before - 1) < 1e-9

bases = {"PCA": pca.components_, "decoder": report.decoder, "decoder, turned": report.recovered}
show(bases_side_by_side(bases, n_columns=2), "04_bases")
scatter = report.decoder @ report.decoder.T
cosines = scatter / np.sqrt(np.outer(np.diag(scatter), np.diag(scatter)))
print(f"largest cosine between two rows: {np.abs(cosines - np.eye(k)).max():.2f}")  # PCA: 0
assert np.abs(cosines - np.eye(k)).max() > 0.05
assert np.allclose(report.recovered, pca.components_, atol=1e-4)

# %% A penalty finds the axes
# A penalty l (|W_e|^2 + |W_d|^2) does prefer some axes. Along one direction of variance lam, with
# the product w_e w_d = p, the cheapest weights have w_e = w_d and w_e^2 + w_d^2 = 2 p. Then
#
#     lam (1 - p)^2 + 2 l p      is least at       p = 1 - l / lam           (if lam > l, else 0)
#
# So training now leads to W_e = W_d^T, and the singular values s of W_d reveal the eigenvalues: s^2
# = 1 - l / lam, so lam = l / (1 - s^2) (Kunin et al., 2019). The right singular vectors of W_d are
# the axes. With l at half of the fourth eigenvalue, all four eigenvalues follow from the weights.
# For the first thousand patches, you should see the same two rows to five digits or more. (The
# largest eigenvalue has the fewest digits: its s^2 is close to 1, and the subtraction cancels.)

some = X[:1000] - X[:1000].mean(axis=0)
true = np.linalg.eigvalsh(some.T @ some / len(some))[::-1]
weight = true[k - 1] / 2
penalised = mv.LinearAutoencoder(m, k, regularizer=mv.regularizers.L2(weight), rng=0)
mv.fit_lbfgs(penalised, some)
W_e, W_d = penalised.params["encoder.0.W"], penalised.params["decoder.0.W"]
_, s, axes = np.linalg.svd(W_d, full_matrices=False)
print("from the weights:", (weight / (1 - s**2)).round(5))
print("eigenvalues:     ", true[:k].round(5))
assert np.allclose(W_e, W_d.T, atol=1e-4)
assert np.allclose(weight / (1 - s**2), true[:k], rtol=1e-3)
assert np.allclose(np.abs(np.sum(axes * mv.PCA(k).fit(some).components_, axis=1)), 1, atol=1e-4)

# %% Biases centre
# You need not subtract the mean by hand: with a bias at each end, the autoencoder learns to do so.
# Without biases and without centring it finds the eigenvectors of X^T X / N, the second moment. The
# four points, moved away from the origin, show the harm: the only direction leads from the origin
# to the points, and the error is 1.498, not 0.625.

with_bias = mv.verify_pca_equivalence(moved, 1, centre=False, bias=True, rng=0)
without = mv.verify_pca_equivalence(moved, 1, centre=False, rng=0)
print(f"with biases {with_bias.autoencoder_error:.3f}, without {without.autoencoder_error:.3f}")
assert abs(with_bias.autoencoder_error - 0.625) < 1e-8
assert without.autoencoder_error > 1.4

# %% Exercises
# Fill in three functions in tutorials/exercises/04_pca.py:
#
# 1. pca_reconstruct: centre, find the directions, project, and go back.
# 2. autoencoder_gradients: dW_e and dW_d of the linear autoencoder.
# 3. largest_angle: the angle between two planes, whatever their bases are.
#
# Then ask: python -m minivae check tutorials/exercises/04_pca.py
