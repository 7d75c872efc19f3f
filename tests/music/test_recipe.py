import numpy as np
import pytest

from minivae import Adam, MelodyVAE, datasets
from minivae.music.pictures import rolls
from minivae.music.recipe import FallingAdam, fit_options


def test_the_rate_falls_by_one_factor_a_step_and_then_stays():
    optimizer, rates = FallingAdam(4, first=0.16, last=0.01), []
    parameter = {"w": np.zeros(1)}
    for _ in range(6):
        optimizer.step(parameter, {"w": np.ones(1)})
        rates.append(optimizer.learning_rate)
    np.testing.assert_allclose(rates, [0.16, 0.08, 0.04, 0.02, 0.01, 0.01], rtol=1e-12)
    # a constant gradient moves Adam by its rate
    assert parameter["w"][0] == pytest.approx(-sum(rates), rel=1e-6)


def test_without_a_fall_it_is_adam():
    paths = []
    for optimizer in (FallingAdam(3, first=0.1, last=0.1), Adam(0.1)):
        parameter, rng = {"w": np.ones(3)}, np.random.default_rng(0)
        for _ in range(5):
            optimizer.step(parameter, {"w": rng.standard_normal(3)})
        paths.append(parameter["w"])
    np.testing.assert_array_equal(*paths)


def test_the_rate_goes_on_where_it_was(tmp_path):
    first, second = FallingAdam(10), FallingAdam(10)
    parameter = {"w": np.zeros(1)}
    for _ in range(4):
        first.step(parameter, {"w": np.ones(1)})
    second.load_state_dict(first.state_dict())
    for optimizer in (first, second):
        optimizer.step({"w": np.zeros(1)}, {"w": np.ones(1)})
    assert first.learning_rate == second.learning_rate


def test_options_fit_a_model():
    X = datasets.loops(130, rng=0).tokens
    options = fit_options(len(X), 2)
    beta = options["beta"]
    assert beta(0) == 0.05
    assert beta(6) == beta(5) == 0.8  # of six steps
    model = MelodyVAE(3, n_hidden=4, n_context=3, rng=0).fit(X, rng=0, **options)
    assert options["optimizer"].t == 6
    assert np.all(np.isfinite(model.history_["loss"]))


def test_loops_are_drawn_below_each_other_in_one_range():
    loops = datasets.loops(3, rng=0).tokens
    figure = rolls(loops, ["a", "b", "c"])
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["a", "b", "c"]
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "", "beat"]
    assert len(rolls(np.zeros((1, 32), int)).axes) == 1
