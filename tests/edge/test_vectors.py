import numpy as np
import pytest

from minivae import Dense
from minivae.edge.vectors import behind_one_vector, join, the_vector_behind


def arrays():
    rng = np.random.default_rng(0)
    return {"W": rng.random((3, 2)), "b": rng.random(2), "s": rng.random(())}


def test_arrays_become_consecutive_pieces_of_one_vector():
    views = behind_one_vector(arrays())
    vector = the_vector_behind(views)
    np.testing.assert_array_equal(vector, np.concatenate([a.ravel() for a in arrays().values()]))
    for name, value in arrays().items():
        np.testing.assert_array_equal(views[name], value)
        assert views[name].shape == value.shape
    vector += 1
    np.testing.assert_array_equal(views["W"], arrays()["W"] + 1)


BROKEN = {
    "no arrays": lambda v: {},
    "arrays of their own": lambda v: {name: value.copy() for name, value in v.items()},
    "another order": lambda v: {"b": v["b"], "W": v["W"], "s": v["s"]},
    "one is missing": lambda v: {"W": v["W"], "s": v["s"]},
    "one is not of it": lambda v: v | {"b": np.ones(2)},
    "one is turned": lambda v: v | {"W": v["W"].T},
    "one is twice": lambda v: v | {"b": v["W"][2]},
    "other numbers": lambda v: {"W": v["W"].view(int), "b": v["b"]},
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_other_arrays_have_no_vector(change):
    assert the_vector_behind(change(behind_one_vector(arrays()))) is None


def test_a_part_of_the_vector_is_found():
    views = behind_one_vector(arrays())
    vector = the_vector_behind({"b": views["b"], "s": views["s"]})
    np.testing.assert_array_equal(vector, np.append(views["b"], views["s"]))


def test_two_dtypes_are_left_alone():
    mixed = {"a": np.ones(2), "b": np.ones(2, np.float32)}
    assert behind_one_vector(mixed) == mixed
    assert the_vector_behind(mixed) is None


def test_join_keeps_the_numbers_and_the_layers_work():
    layers = [Dense(3, 4, rng=0), Dense(4, 2, rng=1)]
    before = [{name: value.copy() for name, value in layer.params.items()} for layer in layers]
    join(layers)
    for layer, numbers in zip(layers, before, strict=True):
        for name, value in numbers.items():
            np.testing.assert_array_equal(layer.params[name], value)
    named = {f"{i}.{k}": v for i, layer in enumerate(layers) for k, v in layer.params.items()}
    the_vector_behind(named)[...] = 0
    assert not np.any(layers[1].forward(layers[0].forward(np.ones((5, 3)))))
