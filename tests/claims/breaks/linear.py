"""Ways to be wrong on linear autoencoders, their saddles and their penalties."""

import numpy as np

from breaks import swap
from minivae.linear.pca import PCA
from minivae.models import regularizers
from minivae.models.autoencoder import LinearAutoencoder
from minivae.models.objectives import Reconstruction
from minivae.nn.layers import Dense

W_E, W_D = "encoder.0.W", "decoder.0.W"
real_losses = Reconstruction.forward
real_loss_and_grads = LinearAutoencoder.loss_and_grads
real_backward = Dense.backward
real_backward_params = Dense.backward_params
real_fit = PCA.fit


def mean_over_features(self, p, beta):
    return {name: v / p.x.shape[1] for name, v in real_losses(self, p, beta).items()}


def noise_is_the_target_too(self, x, target=None, **options):
    return real_loss_and_grads(self, x, **options)


def flipped_sign(self, dy):
    return -real_backward(self, dy)


def half_the_gradient(self, dy):
    real_backward_params(self, dy / 2)


def ascent(self, dy):
    real_backward_params(self, -dy)


def biases_that_stay(self, dy):
    real_backward_params(self, dy)
    if "b" in self.grads:
        self.grads["b"][...] = 0


def leak_into_the_gradient(self, dy):
    real_backward_params(self, dy)
    self.grads["W"] += 1e-6


def smallest_component_first(self, X, y=None):
    real_fit(self, X)
    self.components_ = real_fit(PCA(X.shape[1]), X).components_[::-1][: self.n_components_]
    return self


def half_a_penalty(kind):
    def halved(monkeypatch):
        penalty, backward = kind.penalty, kind.penalty_backward
        monkeypatch.setattr(kind, "penalty", lambda self, *W: penalty(self, *W) / 2)
        monkeypatch.setattr(kind, "penalty_backward", lambda self, *W: backward(self, *W, 0.5))

    return halved


def uneven_weights(monkeypatch):
    monkeypatch.setattr(
        regularizers.L2,
        "penalty",
        lambda self, p: self.weight * (2 * np.sum(p[W_E] ** 2) + np.sum(p[W_D] ** 2)),
    )
    monkeypatch.setattr(
        regularizers.L2,
        "penalty_backward",
        lambda self, p: {W_E: 4 * self.weight * p[W_E], W_D: 2 * self.weight * p[W_D]},
    )


def product_instead(monkeypatch):
    monkeypatch.setattr(regularizers.L2, "penalty", regularizers.ProductL2.penalty)
    monkeypatch.setattr(
        regularizers.L2, "penalty_backward", regularizers.ProductL2.penalty_backward
    )


def same_weight_for_all(monkeypatch):
    def penalty(self, params):
        return regularizers.L2(np.mean(self.weights)).penalty(params)

    def backward(self, params):
        return regularizers.L2(np.mean(self.weights)).penalty_backward(params)

    monkeypatch.setattr(regularizers.NonUniformL2, "penalty", penalty)
    monkeypatch.setattr(regularizers.NonUniformL2, "penalty_backward", backward)


def standard_deviation(monkeypatch):
    penalty, backward = regularizers.ProductL2.penalty, regularizers.ProductL2.penalty_backward

    def root(self):
        return regularizers.ProductL2(self.weight**0.5)

    monkeypatch.setattr(regularizers.ProductL2, "penalty", lambda self, *W: penalty(root(self), *W))
    monkeypatch.setattr(
        regularizers.ProductL2, "penalty_backward", lambda self, *W: backward(root(self), *W)
    )


BREAKS = [
    ("maximal-variance-is-minimal-error", swap(Reconstruction, "forward", mean_over_features)),
    ("maximal-variance-is-minimal-error", swap(PCA, "fit", smallest_component_first)),
    ("least-error-is-discarded-variance", swap(Reconstruction, "forward", mean_over_features)),
    ("least-error-is-discarded-variance", swap(Dense, "backward", flipped_sign)),
    ("linear-autoencoder-is-pca", swap(Dense, "backward", flipped_sign)),
    ("only-the-subspace-is-identified", swap(Reconstruction, "forward", mean_over_features)),
    ("only-the-subspace-is-identified", swap(Dense, "backward_params", leak_into_the_gradient)),
    ("biases-centre-the-data", swap(Dense, "backward_params", biases_that_stay)),
    ("without-centring-second-moment", swap(Dense, "backward_params", biases_that_stay)),
    ("without-centring-second-moment", swap(Dense, "backward", flipped_sign)),
    ("critical-values", swap(Reconstruction, "forward", mean_over_features)),
    ("critical-values", swap(Dense, "backward_params", leak_into_the_gradient)),
    ("saddle-curvature", swap(Dense, "backward_params", ascent)),
    ("saddle-curvature", swap(Dense, "backward", flipped_sign)),
    ("origin-is-a-saddle", swap(Dense, "backward_params", half_the_gradient)),
    ("origin-is-a-saddle", swap(Dense, "backward_params", leak_into_the_gradient)),
    ("l2-transpose-theorem", uneven_weights),
    ("l2-singular-values", half_a_penalty(regularizers.L2)),
    ("l2-recovers-principal-directions", product_instead),
    ("l2-least-loss", half_a_penalty(regularizers.L2)),
    ("l2-switches-off-weak-directions", half_a_penalty(regularizers.L2)),
    ("non-uniform-l2-orders-the-axes", half_a_penalty(regularizers.NonUniformL2)),
    ("non-uniform-l2-orders-the-axes", same_weight_for_all),
    ("ordered-axes-are-slow", half_a_penalty(regularizers.NonUniformL2)),
    ("ordered-axes-are-slow", same_weight_for_all),
    ("product-regularizer", half_a_penalty(regularizers.ProductL2)),
    ("denoising-is-product-regularizer", standard_deviation),
    (
        "denoising-is-product-regularizer",
        swap(LinearAutoencoder, "loss_and_grads", noise_is_the_target_too),
    ),
    ("denoising-training", swap(LinearAutoencoder, "loss_and_grads", noise_is_the_target_too)),
]
