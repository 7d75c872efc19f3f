import numpy as np
import pytest
from helpers import SEEDS, SIZES, check_jacobian, frozen
from hypothesis import given, settings
from scipy import special

from minivae import GRU, check_gradients
from minivae.nn.bidirectional import BidirectionalGRU
from minivae.nn.networks import cast


def torch_double():
    torch = pytest.importorskip("torch")
    return torch, lambda a: torch.tensor(np.asarray(a), dtype=torch.float64, requires_grad=True)


def as_torch(torch, layer):
    """Return torch's GRU with the same weights: its matrices are ours, transposed."""
    theirs = torch.nn.GRU(layer.n_in, layer.n_hidden, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for name, value in torch_names(layer.params).items():
            getattr(theirs, name).copy_(torch.tensor(value))
    return theirs


def torch_names(arrays, suffix=""):
    names = {"W_x": "weight_ih", "W_h": "weight_hh", "b_x": "bias_ih", "b_h": "bias_hh"}
    return {f"{names[key]}_l0{suffix}": np.array(value.T) for key, value in arrays.items()}


# One direction


@pytest.mark.parametrize("method", ["central", "complex"])
@settings(max_examples=12)
@given(seed=SEEDS, batch=SIZES, steps=SIZES, n_in=SIZES, n_hidden=SIZES)
def test_gradients(method, seed, batch, steps, n_in, n_hidden):
    rng = np.random.default_rng(seed)
    layer = GRU(n_in, n_hidden, rng=rng)
    x = 2 * rng.standard_normal((batch, steps, n_in))
    check_gradients(layer, x, method=method, rng=rng).raise_if_failed()


@pytest.mark.parametrize("method", ["central", "complex"])
def test_gradient_of_the_first_state(method):
    rng = np.random.default_rng(0)
    layer = GRU(2, 3, rng=rng)
    h0, x = rng.standard_normal((4, 3)), rng.standard_normal((4, 5, 2))

    def backward(h0, x, dy):
        layer.forward(x, h0)
        dx = layer.backward(dy)
        return layer.dh0, dx

    check_gradients(
        lambda h0, x: layer.forward(x, h0), h0, x, backward=backward, method=method
    ).raise_if_failed()


def test_jacobian_is_that_of_scipy():
    rng = np.random.default_rng(1)
    layer, x = GRU(2, 2, rng=rng), rng.standard_normal((1, 3, 2))
    layer.forward(x)
    check_jacobian(layer.forward, x, backward=layer.backward)


def test_it_is_torch_s():
    torch, tensor = torch_double()
    rng = np.random.default_rng(2)
    layer = GRU(5, 7, rng=rng)
    x, h0, dy = (rng.standard_normal(shape) for shape in [(3, 6, 5), (3, 7), (3, 6, 7)])
    y = layer.forward(x, h0)
    dx = layer.backward(dy)

    theirs, x_, h0_ = as_torch(torch, layer), tensor(x), tensor(h0)
    y_, _ = theirs(x_, h0_[None])
    y_.backward(torch.tensor(dy))
    for ours, other in [(y, y_.detach()), (dx, x_.grad), (layer.dh0, h0_.grad)]:
        np.testing.assert_allclose(ours, other, rtol=0, atol=1e-14)
    for name, gradient in torch_names(layer.grads).items():
        np.testing.assert_allclose(gradient, getattr(theirs, name).grad, rtol=0, atol=1e-13)


def test_one_step_number_by_number():
    layer = GRU(1, 1)
    layer.params["W_x"][...] = [[0.5, -1.0, 2.0]]
    layer.params["W_h"][...] = [[1.5, 0.25, -0.5]]
    layer.params["b_x"][...] = [0.1, 0.2, 0.3]
    layer.params["b_h"][...] = [-0.3, 0.4, 0.6]
    x, h = 0.7, -0.4
    r = special.expit(0.5 * x + 0.1 + 1.5 * h - 0.3)
    u = special.expit(-1.0 * x + 0.2 + 0.25 * h + 0.4)
    n = np.tanh(2.0 * x + 0.3 + r * (-0.5 * h + 0.6))
    y = layer.forward(np.array([[[x]]]), np.array([[h]]))
    assert y[0, 0, 0] == pytest.approx((1 - u) * n + u * h, rel=1e-14)


def test_going_on_from_a_state_is_going_on():
    rng = np.random.default_rng(3)
    layer, x = GRU(2, 3, rng=rng), rng.standard_normal((4, 7, 2))
    whole = layer.forward(x)
    first = layer.forward(x[:, :3])
    rest = layer.forward(x[:, 3:], first[:, -1])
    np.testing.assert_allclose(np.concatenate([first, rest], axis=1), whole, rtol=0, atol=1e-15)


def test_the_future_changes_nothing_before_it():
    rng = np.random.default_rng(4)
    layer, x = GRU(2, 3, rng=rng), rng.standard_normal((4, 7, 2))
    before = layer.forward(x)[:, :5]
    x[:, 5:] = 99
    np.testing.assert_array_equal(layer.forward(x)[:, :5], before)
    dy = np.zeros((4, 7, 3))
    dy[:, 4] = 1
    dx = layer.backward(dy)
    assert np.all(dx[:, 5:] == 0)
    assert np.all(dx[:, :5] != 0)


def test_an_open_update_gate_keeps_the_state():
    layer = GRU(2, 3, rng=5)
    layer.params["b_x"][3:6] = 60  # u = 1
    h0 = np.random.default_rng(5).standard_normal((2, 3))
    y = layer.forward(np.ones((2, 9, 2)), h0)
    np.testing.assert_allclose(y[:, -1], h0, rtol=0, atol=1e-14)
    layer.backward(np.ones_like(y) * (np.arange(9) == 8)[:, None])
    np.testing.assert_allclose(layer.dh0, 1, rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_the_parameters_and_large_inputs_make_no_warning(dtype):
    layer = GRU(2, 3, dtype=dtype, rng=0)
    y = layer.forward(np.full((1, 2, 2), 1e4, dtype))
    dx = layer.backward(np.ones_like(y))
    arrays = [y, dx, layer.dh0, *layer.params.values(), *layer.grads.values()]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}
    assert all(np.all(np.isfinite(a)) for a in arrays)


def test_arguments_stay_and_gradients_are_overwritten():
    rng = np.random.default_rng(6)
    layer = GRU(2, 3, rng=rng)
    x, h0, dy = frozen(*(rng.standard_normal(s) for s in [(4, 5, 2), (4, 3), (4, 5, 3)]))
    layer.forward(x, h0)
    layer.backward(dy)
    first = {name: g.copy() for name, g in layer.grads.items()}
    kept = dict(layer.grads)
    layer.backward_params(dy)
    for name, g in layer.grads.items():
        assert g is kept[name]
        np.testing.assert_array_equal(g, first[name])


def test_it_starts_like_torch_s():
    layer = GRU(5, 16, rng=0)
    assert list(layer.params) == ["W_x", "W_h", "b_x", "b_h"]
    assert [p.shape for p in layer.params.values()] == [(5, 48), (16, 48), (48,), (48,)]
    for value in layer.params.values():
        assert 0.2 < np.max(np.abs(value)) <= 1 / np.sqrt(16)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GRU(0, 2), "n_in must be at least 1, got 0"),
        (lambda: GRU(2, 0), "n_hidden must be at least 1, got 0"),
        (lambda: GRU(2, 2, dtype=int), "dtype must be float32 or float64"),
        (lambda: GRU(2, 3).forward(np.ones((4, 2))), r"x must have shape \(batch, steps, n_in=2\)"),
        (lambda: GRU(2, 3).forward(np.ones((4, 0, 2))), "with at least one step, got"),
        (lambda: GRU(2, 3).forward(np.ones((4, 5, 3))), r"got \(4, 5, 3\)"),
        (
            lambda: GRU(2, 3).forward(np.ones((4, 5, 2)), np.ones((1, 3))),
            r"h0 must have shape \(batch, n_hidden\) = \(4, 3\), got \(1, 3\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_backward_needs_forward_and_its_shape():
    layer = GRU(2, 3)
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        layer.backward(np.ones((1, 1, 3)))
    layer.forward(np.ones((4, 5, 2)))
    with pytest.raises(ValueError, match=r"output's shape \(4, 5, 3\), got \(5, 4, 3\)"):
        layer.backward(np.ones((5, 4, 3)))


# Both directions, and unequal lengths


class OfLengths:
    """`BidirectionalGRU` with its lengths given: a layer of one argument."""

    def __init__(self, layer, lengths):
        self.layer, self.lengths = layer, lengths

    params = property(lambda self: self.layer.params)
    grads = property(lambda self: self.layer.grads)

    def forward(self, x):
        return self.layer.forward(x, self.lengths)

    def backward(self, dy):
        return self.layer.backward(dy)


LENGTHS = np.array([5, 2, 1, 4])


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal", "unequal"])
def test_gradients_both_ways(method, lengths):
    rng = np.random.default_rng(7)
    layer = OfLengths(BidirectionalGRU(2, 3, rng=rng), lengths)
    check_gradients(layer, rng.standard_normal((4, 5, 2)), method=method).raise_if_failed()


def test_each_row_is_what_it_is_alone():
    rng = np.random.default_rng(8)
    layer, x = BidirectionalGRU(2, 3, rng=rng), rng.standard_normal((4, 5, 2))
    for row, n in enumerate(LENGTHS):
        x[row, n:] = 99  # rubbish in the padding
    y = layer.forward(x, LENGTHS)
    dy = rng.standard_normal(y.shape)
    dx = layer.backward(dy)
    total = {name: g.copy() for name, g in layer.grads.items()}
    for row, n in enumerate(LENGTHS):
        alone = x[row : row + 1, :n]
        np.testing.assert_allclose(layer.forward(alone), y[row : row + 1], rtol=0, atol=1e-14)
        own = layer.backward(dy[row : row + 1])
        np.testing.assert_allclose(own[0], dx[row, :n], rtol=0, atol=1e-14)
        assert np.all(dx[row, n:] == 0)
        for name, g in layer.grads.items():
            total[name] -= g
    for rest in total.values():
        np.testing.assert_allclose(rest, 0, rtol=0, atol=1e-13)


def test_unequal_lengths_are_torch_s_packed_sequence():
    torch, tensor = torch_double()
    rng = np.random.default_rng(9)
    layer = BidirectionalGRU(2, 3, rng=rng)
    x, dy = rng.standard_normal((4, 5, 2)), rng.standard_normal((4, 6))
    for row, n in enumerate(LENGTHS):
        x[row, n:] = 99
    y = layer.forward(x, LENGTHS)
    dx = layer.backward(dy)

    theirs = torch.nn.GRU(2, 3, batch_first=True, bidirectional=True, dtype=torch.float64)
    names = {}
    for part, suffix in [(layer.ahead, ""), (layer.back, "_reverse")]:
        names |= torch_names(part.params, suffix)
    with torch.no_grad():
        for name, value in names.items():
            getattr(theirs, name).copy_(torch.tensor(value))
    x_ = tensor(x)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        x_, torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False
    )
    _, last = theirs(packed)
    y_ = last.swapaxes(0, 1).reshape(4, 6)
    y_.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, y_.detach(), rtol=0, atol=1e-14)
    np.testing.assert_allclose(dx, x_.grad, rtol=0, atol=1e-14)
    for part, suffix in [(layer.ahead, ""), (layer.back, "_reverse")]:
        for name, gradient in torch_names(part.grads, suffix).items():
            np.testing.assert_allclose(gradient, getattr(theirs, name).grad, rtol=0, atol=1e-13)


def test_parameters_alone_are_the_same_gradients():
    rng = np.random.default_rng(10)
    layer, x = BidirectionalGRU(2, 3, rng=rng), rng.standard_normal((4, 5, 2))
    dy = rng.standard_normal(layer.forward(x).shape)
    layer.backward(dy)
    both = {name: g.copy() for name, g in layer.grads.items()}
    for g in layer.grads.values():
        g[...] = np.nan
    layer.backward_params(dy)
    for name, g in layer.grads.items():
        np.testing.assert_array_equal(g, both[name])


def test_cast_makes_another_layer_of_another_dtype():
    layer = BidirectionalGRU(2, 3, rng=0)
    other = cast(layer, np.float32)
    assert other.forward(np.ones((1, 2, 2), np.float32)).dtype == np.float32
    assert layer.forward(np.ones((1, 2, 2))).dtype == np.float64


@pytest.mark.parametrize("lengths", [[0, 1], [1, 4], [1, 2, 3], [1.0, 2.0], 2])
def test_lengths_that_do_not_fit_are_refused(lengths):
    with pytest.raises(ValueError, match=r"lengths must be (2 integers|between 1 and steps=3)"):
        BidirectionalGRU(2, 3).forward(np.ones((2, 3, 2)), lengths)


def test_both_ways_need_forward_and_its_shape():
    layer = BidirectionalGRU(2, 3)
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        layer.backward(np.ones((1, 6)))
    layer.forward(np.ones((4, 5, 2)))
    with pytest.raises(ValueError, match=r"output's shape \(4, 6\), got \(4, 3\)"):
        layer.backward(np.ones((4, 3)))
