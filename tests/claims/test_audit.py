import importlib
import inspect
import pkgutil
import re
import sys
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
import pytest

import minivae
from minivae.claims import audit
from minivae.models import objectives, regularizers
from minivae.models.model import Model
from minivae.models.regularizers import LinearRegularizer, Regularizer
from minivae.nn import activations, gaussian, layers, likelihoods
from minivae.nn.layers import Layer
from minivae.nn.likelihoods import Likelihood
from minivae.nn.networks import Composite

# rooms without gradients of their own
SCRIPTS = re.compile(r"\.(plots|claims|commands|course|studies|explanation|__main__)\b")


def modules():
    return [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(minivae.__path__, "minivae.")
        if not SCRIPTS.search(found.name)
    ]


def subclasses(base):
    """Return all classes of the package below `base`, however deep."""
    modules()
    found = {cls for each in base.__subclasses__() for cls in {each, *subclasses(each)}}
    return {cls for cls in found if cls.__module__.startswith("minivae.")}


def hand_written_gradients():
    """Return owner, name and function of everything that computes a gradient by hand."""
    for module in modules():
        classes = [c for c in vars(module).values() if inspect.isclass(c)]
        for owner in [module, *classes]:
            for name, function in list(vars(owner).items()):
                if (
                    re.search(r"(^|_)(backward|loss_and_grads)$", name)
                    and inspect.isfunction(function)
                    and function.__module__ == module.__name__ != "minivae.claims.audit"
                    and "raise NotImplementedError" not in inspect.getsource(function)
                ):
                    yield owner, name, function


GRADIENTS = {f.__qualname__: (owner, name, f) for owner, name, f in hand_written_gradients()}


def replace_everywhere(monkeypatch, owner, name, wrong):
    """Patch a method in its class, or a function in every module that has imported it."""
    right = getattr(owner, name)
    owners = [owner] if inspect.isclass(owner) else modules()
    for each in owners:
        if vars(each).get(name) is right:
            monkeypatch.setattr(each, name, wrong)


def parts_of(thing):
    """Return an object with every layer, likelihood and regularizer inside it."""
    inside = list(thing.parts.values()) if isinstance(thing, Composite) else []
    inside += [getattr(thing, name, None) for name in ("likelihood", "regularizer")]
    return [thing, *(deeper for each in inside if each is not None for deeper in parts_of(each))]


@pytest.fixture(scope="module")
def audited():
    """Run the audit once; return its rows, and what each of them checked."""
    targets, check = [], audit.check_gradients

    def spy(target, *inputs, **options):
        targets.append(target)
        return check(target, *inputs, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "check_gradients", spy)
        return list(audit.audit()), targets[::2]  # each by two methods


@pytest.fixture
def quick(monkeypatch):
    """Look at two entries of each array only."""
    few = partial(audit.check_gradients, max_entries=2)
    monkeypatch.setattr(audit, "check_gradients", few)


# The gradients are right


def test_every_gradient_is_right(audited):
    rows, _ = audited
    for row in rows:
        assert row.ok, str(row)
        assert row.central.method == "central"
        assert row.complex_step.method == "complex"
        assert row.central.worst.relative_error <= 1e-7
        assert row.complex_step.worst.relative_error <= 1e-10
        assert row.central.n_checked == row.complex_step.n_checked >= 10


def test_rows_have_names_of_their_own(audited):
    names = [(row.kind, row.name) for row in audited[0]]
    assert len(names) == len(set(names))
    assert {kind for kind, _ in names} == {"layer", "function", "likelihood", "model"}


def test_no_unit_sits_on_its_kink(audited):
    """With biases of zero, a row of dead units puts every unit of the next layer at zero."""
    for target in audited[1]:
        for value in getattr(target, "params", {}).values():
            assert np.all(value != 0)


# Nothing is missing


def test_every_layer_likelihood_regularizer_and_model_has_a_row(audited):
    rows, targets = audited
    for kind, classes in {
        "layer": subclasses(Layer),
        "likelihood": subclasses(Likelihood),
        "model": subclasses(Regularizer) - {LinearRegularizer} | subclasses(Model),
    }.items():
        of_kind = [t for row, t in zip(rows, targets, strict=True) if row.kind == kind]
        assert len(classes) >= 4
        assert classes <= {type(part) for target in of_kind for part in parts_of(target)}


def test_every_layer_has_a_row_of_its_own(audited):
    named = {row.name for row in audited[0] if row.kind == "layer"}
    assert {t.__name__ for t in subclasses(Layer)} <= named


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_every_function_with_a_backward_has_a_row(audited, module):
    rows, targets = audited
    functions = [t for row, t in zip(rows, targets, strict=True) if row.kind == "function"]
    for name, function in vars(module).items():
        if inspect.isfunction(function) and f"{name}_backward" in vars(module):
            assert function in functions


def test_every_hand_written_gradient_is_run(quick):
    run = set()
    sys.setprofile(lambda frame, event, _: run.add(frame.f_code) if event == "call" else None)
    try:
        list(audit.audit())
    finally:
        sys.setprofile(None)
    assert [name for name, (_, _, f) in GRADIENTS.items() if f.__code__ not in run] == []
    assert len(GRADIENTS) > 20


# A wrong gradient is seen


def scaled(value):
    """Return a gradient, however it is wrapped, wrong by one part in a thousand."""
    if isinstance(value, dict):
        return {name: 1.001 * gradient for name, gradient in value.items()}
    if isinstance(value, tuple) and isinstance(value[0], dict):  # losses, grads
        return value[0], scaled(value[1])
    return tuple(map(scaled, value)) if isinstance(value, tuple) else 1.001 * value


def failing_rows():
    return {f"{row.kind}: {row.name}" for row in audit.audit() if not row.ok}


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_thousandth_is_seen_in_every_gradient(monkeypatch, quick, name):
    owner, attribute, right = GRADIENTS[name]

    def wrong(*args, **options):
        value = right(*args, **options)
        if attribute == "backward" and isinstance(args[0], Model):  # it returns what is shown only
            for gradient in args[0].grads.values():
                gradient *= 1.001
        return scaled(value)

    replace_everywhere(monkeypatch, owner, attribute, wrong)
    assert any(not row.ok for row in audit.audit())


@pytest.mark.parametrize(
    ("owner", "name", "failing"),
    [
        (activations.Softplus, "backward", {"layer: Softplus", "layer: mlp, softplus"}),
        (activations.ReLU, "backward", {"layer: ReLU", "layer: mlp, relu"}),
        (gaussian, "gaussian_kl_between_backward", {"function: gaussian_kl_between"}),
        (
            objectives,
            "log_mean_exp_backward",
            {
                "function: log_mean_exp",
                "model: VAE, 3 importance samples",
                "model: ConditionalVAE, 3 importance samples",
            },
        ),
        (
            likelihoods.ContinuousBernoulli,
            "log_prob_backward",
            {
                "likelihood: continuous bernoulli",
                "model: Autoencoder, continuous bernoulli",
                "model: VAE, continuous bernoulli",
            },
        ),
        (regularizers.ProductL2, "penalty_backward", {"model: LinearAutoencoder, ProductL2"}),
    ],
)
def test_only_the_rows_of_a_wrong_gradient_fail(monkeypatch, quick, owner, name, failing):
    right = getattr(owner, name)
    replace_everywhere(monkeypatch, owner, name, lambda *args: scaled(right(*args)))
    assert failing_rows() == failing


def test_both_methods_must_agree(audited):
    row = audited[0][0]
    failing = replace(row.central, tolerance=0.0)
    assert row.ok
    assert not replace(row, central=failing).ok
    assert not replace(row, complex_step=failing).ok


def test_a_row_as_text(audited, monkeypatch):
    row = audited[0][0]
    worst = row.central.worst
    text = str(row)
    assert text.startswith("layer      Dense  ")
    assert text.endswith("ok")
    place = f"{worst.name}[{', '.join(map(str, worst.index))}]"
    assert f"{worst.relative_error:.1e}" in text
    assert f"{row.complex_step.worst.relative_error:.1e}" in text
    assert place in text
    ends = [audit.HEADER.index(title) + len(title) for title in ("numbers", "central", "complex")]
    values = [match.end() for match in re.finditer(r"\S+", text)][2 : 2 + len(ends)]
    assert values == ends  # the columns stand below their titles

    monkeypatch.setattr(layers.Dense, "backward", lambda self, dy: -dy @ self.params["W"].T)
    failed = str(next(audit.audit()))
    assert "FAILED" in failed
    assert "Dense: FAILED (central" in failed
    assert "Dense: FAILED (complex" in failed


def test_a_gradient_of_the_wrong_shape_as_text(monkeypatch):
    monkeypatch.setattr(layers.Dense, "backward", lambda self, dy: dy)
    row = next(audit.audit())
    assert not row.ok
    assert "x has shape (5, 6), but its gradient has shape (5, 3)" in str(row)


def test_one_seed_one_table(quick):
    def table(rng):
        return [str(row) for row in islice(audit.audit(rng), 12)]

    rng = np.random.default_rng(3)
    assert table(3) == table(3) == table(rng)
    assert table(3) != table(rng)
