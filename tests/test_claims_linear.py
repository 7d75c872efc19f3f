import numpy as np
import pytest
from matplotlib.figure import Figure

from minivae import regularizers
from minivae.autoencoder import LinearAutoencoder
from minivae.claims import all_claims, linear_saddles, prove
from minivae.layers import Dense
from minivae.optimizers import SGD
from minivae.pca import PCA

FAMILIES = {
    "linear_autoencoder",
    "linear_saddles",
    "linear_l2",
    "linear_axes",
    "linear_denoising",
}
CLAIMS = {name: claim for name, claim in all_claims().items() if claim.family in FAMILIES}


@pytest.mark.parametrize("name", CLAIMS)
def test_claim_holds_and_can_be_drawn(name):
    row = prove(CLAIMS[name])
    assert row.outcome.ok, str(row)
    scale = np.maximum(1, np.abs(row.outcome.exact))
    assert np.all(row.outcome.tolerance < 0.03 * scale), "a tolerance narrower than the quantity"
    if row.outcome.draw is not None:
        ax = Figure().subplots()
        row.outcome.draw(ax)
        assert ax.get_xlabel()
        assert ax.get_ylabel()


def test_saddles_have_the_numbers_of_ways_down_that_are_known():
    full_codes = [0, 9, 1, 9, 2, 9, 9, 9]  # ways down, and the nine flat directions of C
    np.testing.assert_array_equal(
        linear_saddles.saddle_curvature().measured, [*full_codes, 4, 11, 18]
    )


def test_transpose_theorem_is_tried_at_several_saddles():
    ax = Figure().subplots()
    CLAIMS["l2-transpose-theorem"].measure().draw(ax)
    assert len(ax.images[0].get_array()) >= 4


def mean_over_features(patch):
    original = LinearAutoencoder._losses
    patch.setattr(
        LinearAutoencoder,
        "_losses",
        lambda self, r: {name: v / r.shape[1] for name, v in original(self, r).items()},
    )


def flipped_sign(patch):
    original = Dense.backward
    patch.setattr(Dense, "backward", lambda self, dy: -original(self, dy))


def half_the_gradient(patch):
    original = Dense.backward_params
    patch.setattr(Dense, "backward_params", lambda self, dy: original(self, dy / 2))


def ascent(patch):
    original = Dense.backward_params
    patch.setattr(Dense, "backward_params", lambda self, dy: original(self, -dy))


def biases_that_stay(patch):
    original = Dense.backward_params

    def backward_params(self, dy):
        original(self, dy)
        if "b" in self.grads:
            self.grads["b"][...] = 0

    patch.setattr(Dense, "backward_params", backward_params)


def leak_into_the_gradient(patch):
    original = Dense.backward_params

    def backward_params(self, dy):
        original(self, dy)
        self.grads["W"] += 1e-6

    patch.setattr(Dense, "backward_params", backward_params)


def smallest_component_first(patch):
    original = PCA.fit

    def fit(self, X, y=None):
        original(self, X)
        self.components_ = original(PCA(X.shape[1]), X).components_[::-1][: self.n_components_]
        return self

    patch.setattr(PCA, "fit", fit)


def half_a_penalty(kind):
    def apply(patch):
        penalty, backward = kind.penalty, kind.penalty_backward
        patch.setattr(kind, "penalty", lambda self, *W: penalty(self, *W) / 2)
        patch.setattr(kind, "penalty_backward", lambda self, *W: backward(self, *W, 0.5))

    return apply


def uneven_weights(patch):
    patch.setattr(
        regularizers.L2,
        "penalty",
        lambda self, a, b: self.weight * (2 * np.sum(a * a) + np.sum(b * b)),
    )
    patch.setattr(
        regularizers.L2,
        "penalty_backward",
        lambda self, a, b: (4 * self.weight * a, 2 * self.weight * b),
    )


def product_instead(patch):
    patch.setattr(regularizers.L2, "penalty", regularizers.ProductL2.penalty)
    patch.setattr(regularizers.L2, "penalty_backward", regularizers.ProductL2.penalty_backward)


def same_weight_for_all(patch):
    def penalty(self, W_e, W_d):
        return regularizers.L2(np.mean(self.weights)).penalty(W_e, W_d)

    def backward(self, W_e, W_d):
        return regularizers.L2(np.mean(self.weights)).penalty_backward(W_e, W_d)

    patch.setattr(regularizers.NonUniformL2, "penalty", penalty)
    patch.setattr(regularizers.NonUniformL2, "penalty_backward", backward)


def no_steps(patch):
    patch.setattr(SGD, "step", lambda self, params, grads: None)


def standard_deviation(patch):
    penalty, backward = regularizers.ProductL2.penalty, regularizers.ProductL2.penalty_backward

    def root(self):
        return regularizers.ProductL2(self.weight**0.5)

    patch.setattr(regularizers.ProductL2, "penalty", lambda self, *W: penalty(root(self), *W))
    patch.setattr(
        regularizers.ProductL2, "penalty_backward", lambda self, *W: backward(root(self), *W)
    )


def noise_is_the_target_too(patch):
    original = LinearAutoencoder.loss_and_grads
    patch.setattr(
        LinearAutoencoder,
        "loss_and_grads",
        lambda self, x, target=None, **o: original(self, x, **o),
    )


BREAKS = [
    ("maximal-variance-is-minimal-error", mean_over_features),
    ("maximal-variance-is-minimal-error", smallest_component_first),
    ("least-error-is-discarded-variance", mean_over_features),
    ("least-error-is-discarded-variance", flipped_sign),
    ("training-finds-the-subspace", flipped_sign),
    ("only-the-subspace-is-identified", mean_over_features),
    ("only-the-subspace-is-identified", leak_into_the_gradient),
    ("biases-centre-the-data", biases_that_stay),
    ("without-centring-second-moment", biases_that_stay),
    ("without-centring-second-moment", flipped_sign),
    ("critical-values", mean_over_features),
    ("critical-values", leak_into_the_gradient),
    ("saddle-curvature", ascent),
    ("saddle-curvature", flipped_sign),
    ("origin-is-a-saddle", half_the_gradient),
    ("origin-is-a-saddle", leak_into_the_gradient),
    ("l2-transpose-theorem", uneven_weights),
    ("l2-singular-values", half_a_penalty(regularizers.L2)),
    ("l2-recovers-principal-directions", product_instead),
    ("l2-least-loss", half_a_penalty(regularizers.L2)),
    ("l2-switches-off-weak-directions", half_a_penalty(regularizers.L2)),
    ("non-uniform-l2-orders-the-axes", half_a_penalty(regularizers.NonUniformL2)),
    ("non-uniform-l2-orders-the-axes", same_weight_for_all),
    ("ordered-axes-are-slow", no_steps),
    ("product-regularizer", half_a_penalty(regularizers.ProductL2)),
    ("denoising-is-product-regularizer", standard_deviation),
    ("denoising-is-product-regularizer", noise_is_the_target_too),
    ("denoising-training", noise_is_the_target_too),
]


@pytest.mark.parametrize(("name", "damage"), BREAKS)
def test_claim_fails_when_its_formula_is_wrong(name, damage, monkeypatch):
    damage(monkeypatch)
    row = prove(CLAIMS[name])
    assert not row.outcome.ok, str(row)


def test_every_claim_is_broken_once():
    assert {name for name, _ in BREAKS} == set(CLAIMS)
