import numpy as np
import pytest
from helpers import SEEDS, SIZES, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from minivae import VAE, Adam, Categorical, check_gradients, load
from minivae.claims.audit import LikelihoodLayer
from minivae.nn.categorical import draw_tokens, log_softmax, softmax


def batch(rng, n, places, n_tokens, scale=2.0):
    x = rng.integers(n_tokens, size=(n, places)).astype(float)
    return x, scale * rng.standard_normal((n, places * n_tokens))


@pytest.mark.parametrize("method", ["central", "complex"])
@settings(max_examples=12)
@given(seed=SEEDS, n=SIZES, places=SIZES, n_tokens=st.integers(2, 5))
def test_gradients(method, seed, n, places, n_tokens):
    x, out = batch(np.random.default_rng(seed), n, places, n_tokens)
    layer = LikelihoodLayer(Categorical(n_tokens), x)
    check_gradients(layer, out, method=method).raise_if_failed()


def test_log_prob_is_that_of_scipy():
    x, out = batch(np.random.default_rng(0), 4, 3, 5)
    p = special.softmax(out.reshape(4, 3, 5), axis=2)
    one_hot = np.arange(5) == x[:, :, None]
    expected = stats.multinomial.logpmf(one_hot, 1, p).sum(axis=1)
    np.testing.assert_allclose(Categorical(5).log_prob(x, out), expected, rtol=1e-12)


def test_probabilities_of_all_tokens_add_up_to_one():
    _, out = batch(np.random.default_rng(1), 1, 1, 6)
    log_p = [Categorical(6).log_prob(np.array([[k]]), out)[0] for k in range(6)]
    assert np.sum(np.exp(log_p)) == pytest.approx(1, rel=1e-14)


def test_softmax_is_that_of_scipy_at_any_size():
    logits = np.random.default_rng(2).standard_normal((3, 4, 7)) * [[[1e-3], [1], [30], [1e4]]]
    np.testing.assert_allclose(softmax(logits), special.softmax(logits, axis=-1), rtol=1e-13)
    np.testing.assert_allclose(log_softmax(logits), special.log_softmax(logits, axis=-1), 1e-13)


def test_samples_have_the_probabilities():
    likelihood, n = Categorical(4), 40_000
    out = np.tile([[0.3, -1.0, 2.0, 0.0, 1.0, 1.0, -3.0, 0.5]], (n, 1))
    for temperature in (1.0, 0.5):
        draws = likelihood.sample(out, 0, temperature=temperature)
        for place in (0, 1):
            p = special.softmax(out[0, 4 * place : 4 * place + 4] / temperature)
            counts = np.bincount(draws[:, place].astype(int), minlength=4)
            assert stats.chisquare(counts, n * p).pvalue > 1e-4
    table = np.zeros((4, 4))
    np.add.at(table, tuple(draws.astype(int).T), 1)
    assert stats.chi2_contingency(table[:, table.sum(axis=0) > 50]).pvalue > 1e-4


def test_a_low_temperature_is_the_mode():
    out = np.random.default_rng(3).standard_normal((50, 3 * 5))
    likelihood = Categorical(5)
    mode = likelihood.mode(out)
    np.testing.assert_array_equal(mode, np.argmax(out.reshape(50, 3, 5), axis=2))
    np.testing.assert_array_equal(likelihood.sample(out, 0, temperature=1e-6), mode)


def test_arguments_stay_and_float32_stays_float32():
    x, out = frozen(*batch(np.random.default_rng(4), 3, 2, 4))
    likelihood, out32 = Categorical(4), out.astype(np.float32)
    for array in (
        likelihood.log_prob(x, out32),
        likelihood.log_prob_backward(x, out32, np.ones(3, np.float32)),
        likelihood.sample(out32, 0),
        likelihood.mode(out32),
    ):
        assert array.dtype == np.float32


def test_a_vae_of_tokens_learns_and_comes_back_from_its_file(tmp_path):
    rng = np.random.default_rng(5)
    X = np.repeat(rng.integers(4, size=(400, 2)), 3, axis=1).astype(float)
    model = VAE(6, 4, hidden=(32,), likelihood=Categorical(4), rng=0)
    model.fit(X, epochs=40, batch_size=50, optimizer=Adam(1e-2), rng=0)
    independent = 6 * np.log(4)
    assert -model.score(X) < 0.75 * independent
    assert -model.score(X) > 2 * np.log(4) - 0.1  # the entropy of the data
    model.save(tmp_path / "model.npz")
    again = load(tmp_path / "model.npz")
    assert again.score(X) == model.score(X)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: Categorical(1), ValueError, "n_tokens must be at least 2, got 1"),
        (lambda: Categorical(2.5), TypeError, "n_tokens must be an integer"),
        (
            lambda: Categorical(3).log_prob(np.array([[0.5]]), np.zeros((1, 3))),
            ValueError,
            r"the tokens in x must be integers, got 0\.5",
        ),
        (lambda: Categorical(3).mean(np.zeros((1, 3))), ValueError, "tokens have no mean"),
        (
            lambda: Categorical(3).sample(np.zeros((1, 3)), temperature=0),
            ValueError,
            r"temperature must be in \(0, inf\), got 0",
        ),
        (
            lambda: VAE(2, 1, likelihood=Categorical(3)).losses([[0, 3]]),
            ValueError,
            r"must lie in \[0, 2\], got 3\.0 in row 0, column 1",
        ),
    ],
)
def test_what_is_no_token_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_one_seed_one_draw():
    logits = np.zeros((100, 5))
    np.testing.assert_array_equal(draw_tokens(logits, 3), draw_tokens(logits, 3))
    assert np.any(draw_tokens(logits, 3) != draw_tokens(logits, 4))
