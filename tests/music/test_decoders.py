from itertools import product

import numpy as np
import pytest

from minivae import check_gradients
from minivae.claims.audit import LikelihoodLayer
from minivae.music.decoders import Autoregressive, Conductor
from minivae.music.encoder import MelodyEncoder
from minivae.nn.networks import cast

N_TOKENS, N_STEPS, N_CONTEXT = 4, 6, 3
KINDS = {
    "flat": {},
    "two segments": {"n_segments": 2},
    "three segments": {"n_segments": 3, "lookback": 3},
    "the state runs on": {"n_segments": 2, "restart": False},
    "lookback": {"lookback": 4},
    "all": {"n_segments": 2, "restart": False, "lookback": 3},
}
EVERY_KIND = pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)


def likelihood_of(options, seed=0, dtype=np.float64):
    return Autoregressive(
        N_TOKENS, N_STEPS, N_CONTEXT, n_hidden=5, dtype=dtype, rng=seed, **options
    )


def batch(likelihood, n=3, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.integers(N_TOKENS, size=(n, N_STEPS)).astype(float)
    return x, rng.standard_normal((n, likelihood.n_outputs(N_STEPS)))


@EVERY_KIND
@pytest.mark.parametrize("method", ["central", "complex"])
def test_gradients(options, method):
    likelihood = likelihood_of(options)
    x, out = batch(likelihood)
    check_gradients(LikelihoodLayer(likelihood, x), out, method=method).raise_if_failed()


@EVERY_KIND
def test_it_is_a_distribution(options):
    """The probabilities of all 4^6 rows add up to one: no token saw itself or its future."""
    likelihood = likelihood_of(options)
    rows = np.array(list(product(range(N_TOKENS), repeat=N_STEPS)))
    _, out = batch(likelihood, 1)
    log_p = likelihood.log_prob(rows, np.tile(out, (len(rows), 1)))
    assert np.sum(np.exp(log_p)) == pytest.approx(1, rel=1e-12)


@EVERY_KIND
def test_generating_is_what_teacher_forcing_scores(options):
    """The chance of a first token is the sum over all its continuations, and draws have it."""
    likelihood = likelihood_of(options)
    rows = np.array(list(product(range(N_TOKENS), repeat=N_STEPS)))
    _, out = batch(likelihood, 1)
    p = np.exp(likelihood.log_prob(rows, np.tile(out, (len(rows), 1))))
    n = 20_000
    draws = likelihood.sample(np.tile(out, (n, 1)), 0).astype(int)
    for pair in [(0, 1), (2, 3), (1, 4), (4, 5)]:
        exact, seen = np.zeros((2, N_TOKENS, N_TOKENS))
        np.add.at(exact, tuple(rows[:, pair].T), p)
        np.add.at(seen, tuple(draws[:, pair].T), 1 / n)
        np.testing.assert_allclose(seen, exact, atol=5 * np.sqrt(0.25 / n))


@EVERY_KIND
def test_the_mode_is_the_likeliest_token_given_those_before(options):
    likelihood = likelihood_of(options)
    _, out = batch(likelihood, 4)
    mode = likelihood.mode(out)
    for step in range(N_STEPS):
        others = np.repeat(mode[:, None], N_TOKENS, axis=1)
        others[:, :, step] = np.arange(N_TOKENS)
        log_p = [step_log_prob(likelihood, row, out[[i]], step) for i, row in enumerate(others)]
        np.testing.assert_array_equal(np.argmax(log_p, axis=1), mode[:, step])


def step_log_prob(likelihood, rows, out, step):
    """log p of each row's token at a step, up to a constant: the rows differ in it alone.

    It is the sum over all continuations of the row's first tokens.
    """
    n_rest = N_STEPS - step - 1
    rest = np.array([*product(range(N_TOKENS), repeat=n_rest)]).reshape(N_TOKENS**n_rest, n_rest)
    values = []
    for row in rows:
        whole = np.tile(row, (len(rest), 1))
        whole[:, step + 1 :] = rest
        log_p = likelihood.log_prob(whole, np.tile(out, (len(rest), 1)))
        values.append(np.logaddexp.reduce(log_p))
    return values


@EVERY_KIND
def test_given_tokens_stay_and_the_rest_depends_on_them(options):
    likelihood = likelihood_of(options)
    _, out = batch(likelihood, 1)
    n = 20_000
    given = np.tile([[2, 0]], (n, 1))
    draws = likelihood.sample(np.tile(out, (n, 1)), 0, given=given)
    np.testing.assert_array_equal(draws[:, :2], given)
    log_p = step_log_prob(likelihood, [[2, 0, k, 0, 0, 0] for k in range(N_TOKENS)], out, 2)
    exact = np.exp(log_p - np.logaddexp.reduce(log_p))
    seen = np.bincount(draws[:, 2].astype(int), minlength=N_TOKENS) / n
    np.testing.assert_allclose(seen, exact, atol=5 * np.sqrt(0.25 / n))


def test_a_low_temperature_is_the_mode_and_zero_is_refused():
    likelihood = likelihood_of({"n_segments": 2})
    _, out = batch(likelihood, 20)
    np.testing.assert_array_equal(likelihood.sample(out, 0, temperature=1e-6), likelihood.mode(out))
    for temperature in (0, -1, np.nan):
        with pytest.raises(ValueError, match="temperature must be in"):
            likelihood.sample(out, temperature=temperature)


def test_restarted_segments_forget_but_for_one_token():
    likelihood = likelihood_of({"n_segments": 2})
    x, out = batch(likelihood, 1)
    other = x.copy()
    other[:, :2] = (other[:, :2] + 1) % N_TOKENS  # not the token next to the border
    running = likelihood_of({"n_segments": 2, "restart": False})
    for each, same in ((likelihood, True), (running, False)):
        tails = []
        for tokens in (x, other):
            changed = np.repeat(tokens, N_TOKENS, axis=0)
            changed[:, 5] = np.arange(N_TOKENS)
            log_p = each.log_prob(changed, np.tile(out, (N_TOKENS, 1)))
            tails.append(log_p - np.logaddexp.reduce(log_p))
        assert np.allclose(*tails, rtol=0, atol=1e-12) == same


def test_backward_does_not_depend_on_a_pass_of_other_arrays():
    likelihood = likelihood_of(KINDS["all"])
    x, out = batch(likelihood)
    dlog_prob = np.array([1.0, -2.0, 0.5])
    likelihood.log_prob(x, out)
    dout = likelihood.log_prob_backward(x, out, dlog_prob)
    grads = {name: g.copy() for name, g in likelihood.grads.items()}
    likelihood.log_prob(*batch(likelihood, 5, seed=9))
    np.testing.assert_array_equal(likelihood.log_prob_backward(x, out, dlog_prob), dout)
    for name, g in likelihood.grads.items():
        np.testing.assert_array_equal(g, grads[name])


def test_cast_is_a_network_of_its_own():
    likelihood = likelihood_of(KINDS["all"])
    other = cast(likelihood, np.float32)
    x, out = batch(likelihood)
    assert other.log_prob(x, out.astype(np.float32)).dtype == np.float32
    other.params["readout.b"] += 1e3 * np.arange(N_TOKENS, dtype=np.float32)
    assert np.all(other.mode(out.astype(np.float32)) == N_TOKENS - 1)
    assert not np.all(likelihood.mode(out) == N_TOKENS - 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_segments": 4}, "n_segments must divide n_steps=6, got 4"),
        ({"n_segments": 7}, "n_segments must be between 1 and n_steps=6, got 7"),
        ({"lookback": 6}, "lookback must be between 0 and 5, got 6"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        likelihood_of(options)


def test_another_number_of_steps_is_refused():
    with pytest.raises(ValueError, match="n_features must be n_steps=6, got 5"):
        likelihood_of({}).n_outputs(5)
    with pytest.raises(ValueError, match="tokens have no mean"):
        likelihood_of({}).mean(np.zeros((1, 3)))


# The conductor and the encoder


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("n_segments", [1, 3])
def test_gradients_of_the_conductor(method, n_segments):
    rng = np.random.default_rng(2)
    conductor = Conductor(2, n_segments, 3, rng=rng)
    z = rng.standard_normal((4, 2))
    assert conductor.forward(z).shape == (4, 3 * n_segments)
    check_gradients(conductor, z, method=method).raise_if_failed()


class OfTokens:
    """The encoder's parameters as a layer: its input is not changed."""

    def __init__(self, encoder, x):
        self.encoder, self.x = encoder, x

    params = property(lambda self: self.encoder.params)
    grads = property(lambda self: self.encoder.grads)

    def forward(self, unused):
        return self.encoder.forward(self.x) + 0 * unused.sum()

    def backward(self, dy):
        self.encoder.backward_params(dy)
        return np.zeros((1, 1), dy.dtype)


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("stride", [1, 3])
def test_gradients_of_the_encoder(method, stride):
    rng = np.random.default_rng(3)
    encoder = MelodyEncoder(N_TOKENS, N_STEPS, 2, stride=stride, n_hidden=3, rng=rng)
    x = rng.integers(N_TOKENS, size=(4, N_STEPS)).astype(float)
    check_gradients(OfTokens(encoder, x), np.ones((1, 1)), method=method).raise_if_failed()


@pytest.mark.parametrize("stride", [1, 3])
def test_the_encoder_hears_every_token(stride):
    encoder = MelodyEncoder(N_TOKENS, N_STEPS, 2, stride=stride, n_hidden=3, rng=0)
    x = np.zeros((1, N_STEPS))
    rows = np.tile(x, (N_STEPS, 1))
    rows[range(N_STEPS), range(N_STEPS)] = 1
    assert np.all(np.abs(encoder.forward(rows) - encoder.forward(x)).max(axis=1) > 1e-6)


def test_a_stride_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="stride must divide n_steps=6, got 4"):
        MelodyEncoder(N_TOKENS, N_STEPS, 2, stride=4)
