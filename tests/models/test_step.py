"""The step as its definitions write it, the fast step, and the step of another framework."""

import copy
from pathlib import Path

import numpy as np
import pytest

from minivae import VAE, Adam, Bernoulli
from minivae.nn.networks import Sequential
from minivae.training.optimizers import adam_step

STATE = dict(np.load(Path(__file__).with_name("torch_state.npz")))


class Plain(Bernoulli):
    """The likelihood as its definition writes it."""

    log_prob = Bernoulli.log_prob_by_definition
    log_prob_backward = Bernoulli.log_prob_backward_by_definition


class PlainAdam:
    """Algorithm 1, array by array."""

    def __init__(self, **options):
        self.options, self.moments, self.t = options, {}, 0

    def step(self, params, grads):
        self.t += 1
        for name, theta in params.items():
            m, v = self.moments.get(name, (0.0, 0.0))
            theta[...], *self.moments[name] = adam_step(
                *(theta, grads[name], m, v, self.t), **self.options
            )


STEPS = {"the definitions": (Plain, PlainAdam), "the fast forms": (Bernoulli, Adam)}


@pytest.mark.parametrize(("likelihood", "optimizer"), STEPS.values(), ids=STEPS)
def test_ten_steps_are_those_of_torch(likelihood, optimizer):
    vae, adam = VAE(12, 3, hidden=(8, 6), likelihood=likelihood()), optimizer(learning_rate=0.01)
    for name, value in vae.params.items():
        value[...] = STATE[f"start.{name}"]
    losses = []
    for eps in STATE["eps"]:
        loss, grads = vae.loss_and_grads(STATE["x"], eps=eps)
        if not losses:
            assert len(grads) == 12
            for name, gradient in grads.items():
                expected = STATE[f"gradient.{name}"]
                np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-13)
        adam.step(vae.params, grads)
        losses.append(loss["loss"])
    np.testing.assert_allclose(losses, STATE["losses"], rtol=1e-10)
    for name, value in vae.params.items():
        np.testing.assert_allclose(value, STATE[f"end.{name}"], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("batch", [3, 150], ids=["small arrays", "several blocks"])
def test_a_hundred_fast_steps_are_a_hundred_plain_ones(batch):
    n_features = 700  # several halvings of the logarithms, with a column left over
    rng = np.random.default_rng(0)
    x = (rng.random((batch, n_features)) < 0.2) * rng.random((batch, n_features))
    fast, plain = (
        VAE(n_features, 2, hidden=(9,), likelihood=k(), rng=1) for k in (Bernoulli, Plain)
    )
    adam, by_definition = Adam(), PlainAdam()
    for _ in range(100):
        eps = rng.standard_normal((batch, 2))
        losses, grads = fast.loss_and_grads(x, eps=eps)
        expected, others = plain.loss_and_grads(x, eps=eps)
        assert losses["loss"] == pytest.approx(expected["loss"], rel=1e-11)
        adam.step(fast.params, grads)
        by_definition.step(plain.params, others)
    for name, value in plain.params.items():
        np.testing.assert_allclose(fast.params[name], value, rtol=1e-8, atol=1e-10)


def test_what_a_caller_holds_stays_his():
    vae, rng = VAE(784, 2, hidden=(400,), dtype=np.float32, rng=0), np.random.default_rng(0)
    x = rng.random((400, 784), dtype=np.float32)

    def one_pass():
        p = vae.forward(*vae.inputs(x, rng=rng))
        terms = vae.objective.backward(p, 1.0)
        return [*p, *vae.backward(p, *terms), vae.transform(x), vae.decode(p.z), vae.sample(400)]

    held = one_pass()
    views = [a[1:] for a in one_pass() if a.ndim > 1]
    copies = [a.copy() for a in (*held, *views)]
    for _ in range(5):
        one_pass()
        vae.loss_and_grads(x, rng=rng)
    for a, before in zip((*held, *views), copies, strict=True):
        np.testing.assert_array_equal(a, before)


def test_parameters_lie_behind_one_vector_and_stay_the_layers_own():
    vae = VAE(6, 2, hidden=(5,), likelihood="gaussian", rng=0)
    vectors = {id(value.base) for value in vae.params.values()}
    assert len(vectors) == 1
    assert vae.params["decoder.2.W"] is vae.decoder.layers[2].params["W"]
    assert len({id(value.base) for value in vae.grads.values()}) == 1

    given = Sequential(VAE(6, 2, hidden=(5,), rng=1).encoder.layers)
    arrays = dict(given.params)
    other = VAE(6, 2, hidden=(5,), encoder=given, rng=0)
    assert all(other.encoder.params[name] is value for name, value in arrays.items())


@pytest.mark.parametrize("together", [True, False])
def test_a_copy_of_model_and_optimizer_is_trained_alone(together):
    x, rng = np.random.default_rng(0).random((8, 6)), np.random.default_rng(1)
    vae, adam = VAE(6, 2, hidden=(5,), rng=0), Adam()

    def steps(vae, adam, rng):
        for _ in range(3):
            adam.step(vae.params, vae.loss_and_grads(x, rng=rng)[1])

    steps(vae, adam, rng)
    pair = copy.deepcopy((vae, adam)) if together else (copy.deepcopy(vae), copy.deepcopy(adam))
    steps(*pair, np.random.default_rng(2))
    steps(vae, adam, np.random.default_rng(2))
    for name, value in vae.params.items():
        np.testing.assert_array_equal(value, pair[0].params[name])
        assert not np.shares_memory(value, pair[0].params[name])
