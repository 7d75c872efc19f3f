"""The table of what the public edge refuses, and with which words; and of what it accepts."""

import os
import re
from functools import partial

import numpy as np
import pytest

import minivae
from minivae import SGD, VAE, Adam, Autoencoder, EarlyStopping, Gaussian, LinearAutoencoder
from minivae.linear.pca import PCA
from minivae.linear.probabilistic_pca import ProbabilisticPCA

resource = pytest.importorskip("resource", reason="limits the size of files")

X = np.random.default_rng(0).random((12, 6))
BITS = np.random.default_rng(1).integers(0, 2, (12, 6))
Z = np.random.default_rng(2).standard_normal((12, 2))
NAN, INF = float("nan"), float("inf")

TRAINED = {
    "LinearAutoencoder": partial(LinearAutoencoder, 6, 2, rng=0),
    "Autoencoder": partial(Autoencoder, 6, 2, hidden=(3,), rng=0),
    "VAE": partial(VAE, 6, 2, hidden=(3,), rng=0),
}
SOLVED = {"PCA": partial(PCA, 2), "ProbabilisticPCA": partial(ProbabilisticPCA, 2)}


def fit(model, X=X, **options):
    if type(model).__name__ in TRAINED:
        options = {"epochs": 2, "batch_size": 4, "rng": 0} | options
    return model.fit(X, **options)


TABLE = []


def refuses(what, call, bad, exception, said):
    """Add a row: ``call(bad)`` raises an exception that begins with what is said."""
    TABLE.append(pytest.param(partial(call, bad), exception, said, id=f"{what} refuses"))


def accepts(what, call, given, plain):
    """Add a row: ``call(given)`` is ``call(plain)``."""
    TABLE.append(pytest.param(partial(call, given), None, partial(call, plain), id=what))


# Matrices that are none


def changed(array, row, column, value):
    array = array.copy()
    array[row, column] = value
    return array


FAULTS = {  # of a matrix with 12 rows
    "one dimension": (lambda A: A[0], ValueError, r"have shape \(n_samples, .*, got shape \(.,\)"),
    "three dimensions": (lambda A: A[None], ValueError, r"have shape .*, got shape \(1, 12, .\)"),
    "no rows": (lambda A: A[:0], ValueError, r"have at least one row .*, got shape \(0, .\)"),
    "no columns": (lambda A: A[:, :0], ValueError, r"have at .* one column, got shape \(12, 0\)"),
    "wrong width": (lambda A: A[:, :1], ValueError, r"have {columns}=. columns, got 1"),
    "ragged rows": (
        lambda A: [[1.0, 0.5], [1.0]],
        ValueError,
        "be an array of real numbers, with rows of one len",
    ),
    "NaN": (lambda A: changed(A, 3, 1, NAN), ValueError, "be finite, got nan in row 3, column 1"),
    "infinity": (lambda A: changed(A, 11, 0, INF), ValueError, "be finite, got inf in row 11, col"),
    "-infinity": (lambda A: changed(A, 0, 1, -INF), ValueError, "be finite, got -inf in row 0, co"),
    "objects": (lambda A: A.astype(object), TypeError, "hold real numbers, got dtype object"),
    "text": (lambda A: A.astype("U9"), TypeError, "hold real numbers, got dtype <U9"),
    "complex": (lambda A: A + 0j, TypeError, "hold real numbers, got dtype complex128"),
}


def refuses_faults(what, call, name, good, columns="n_features", without=()):
    for fault, (damage, exception, said) in FAULTS.items():
        if fault not in without:
            said = f"{name} must {said.replace('{columns}', columns)}"
            refuses(f"{what} ({fault})", call, damage(good), exception, said)


DATA = {  # how a model meets data, and what it calls them
    "fit": ("X", fit),
    "fit_transform": ("X", lambda model, bad: model.fit_transform(bad, epochs=1)),
    "validation": ("validation", lambda model, bad: fit(model, validation=bad)),
    "transform": ("X", lambda model, bad: model.transform(bad)),
    "reconstruct": ("X", lambda model, bad: model.reconstruct(bad)),
    "score": ("X", lambda model, bad: model.score(bad)),
    "encode": ("x", lambda model, bad: model.encode(bad)),
    "losses": ("x", lambda model, bad: model.losses(bad)),
    "loss_and_grads": ("x", lambda model, bad: model.loss_and_grads(bad)),
    "loss_and_grads with target": ("x", lambda model, bad: model.loss_and_grads(bad, target=X)),
    "target": ("target", lambda model, bad: model.loss_and_grads(X, target=bad)),
}
CODES = {
    "decode": lambda model, bad: model.decode(bad),
    "inverse_transform": lambda model, bad: model.inverse_transform(bad),
}
OF_VAES = {
    "elbo": lambda model, bad: model.elbo(bad),
    "sample_posterior": lambda model, bad: model.sample_posterior(bad),
}
OF_SOLVED = {
    "transform": lambda model, bad: model.fit(X).transform(bad),
    "encode": lambda model, bad: model.fit(X).encode(bad),
    "reconstruct": lambda model, bad: model.fit(X).reconstruct(bad),
    "score": lambda model, bad: model.fit(X).score(bad),
    "score_samples": lambda model, bad: model.fit(X).score_samples(bad),
}
NOISE = {
    "elbo": lambda model, bad: model.elbo(X, bad),
    "loss_and_grads": lambda model, bad: model.loss_and_grads(X, eps=bad),
}
for name, make in TRAINED.items():
    for verb, (data, call) in DATA.items():
        refuses_faults(f"{name}.{verb}", partial(call, make()), data, X)
    for verb, call in CODES.items():
        refuses_faults(f"{name}.{verb}", partial(call, make()), "z", Z, "n_latent")
    call, said = partial(DATA["target"][1], make()), "target must have 12 rows, as x has, got 5"
    refuses(f"{name}.target (rows)", call, X[:5], ValueError, said)
for verb, call in OF_VAES.items():
    refuses_faults(f"VAE.{verb}", partial(call, TRAINED["VAE"]()), "x", X)
for verb, call in NOISE.items():
    call = partial(call, TRAINED["VAE"]())
    refuses_faults(f"VAE.{verb}: eps", call, "eps", Z, "n_latent")
    said = "eps must have 12 rows, as x has, got 5"
    refuses(f"VAE.{verb}: eps (rows)", call, Z[:5], ValueError, said)
for name, make in SOLVED.items():
    refuses_faults(f"{name}.fit", partial(fit, make()), "X", X, without=["wrong width"])
    for verb, call in OF_SOLVED.items():
        refuses_faults(f"{name}.{verb}", partial(call, make()), "X", X)
    for verb, call in CODES.items():
        refuses_faults(f"{name}.{verb}", partial(call, make().fit(X)), "Z", Z, "n_components")
    said = "the number of rows of X must be at least 2, got 1"
    refuses(f"{name}.fit (one row)", make().fit, X[:1], ValueError, said)
    said = "X must vary, got 4 rows without variance"
    refuses(f"{name}.fit (equal rows)", make().fit, np.ones((4, 6)), ValueError, said)

# Data outside the interval of their likelihood

INSIDE = ["fit", "validation", "score", "losses", "loss_and_grads", "target"]
ANYWHERE = {
    "LinearAutoencoder": LinearAutoencoder(6, 2),
    "Autoencoder of squared error": Autoencoder(6, 2, likelihood="squared_error"),
    "Autoencoder of Gaussian": Autoencoder(6, 2, likelihood="gaussian"),
    "VAE of Gaussian": VAE(6, 2, likelihood="gaussian"),
}


def fits(model, X):
    return np.isfinite(fit(model, X).reconstruct(X))


for value in -0.1, 1.5, np.nextafter(1, 2):
    bad = changed(X, 7, 2, value)
    said = rf"must lie in \[0, 1\], got {re.escape(str(value))} in row 7, column 2"
    for likelihood in "bernoulli", "continuous_bernoulli":
        for kind in Autoencoder, VAE:
            model = kind(6, 2, likelihood=likelihood)
            for verb in INSIDE:
                data, call = DATA[verb]
                what = f"{kind.__name__}.{verb} of {likelihood} ({value})"
                refuses(what, partial(call, model), bad, ValueError, f"{data} {said}")
    refuses(f"VAE.elbo ({value})", VAE(6, 2).elbo, bad, ValueError, f"x {said}")
    for what, model in ANYWHERE.items():
        accepts(f"{what} ({value})", partial(fits, model), bad, X)
    # noise may leave the interval; what is asked for may not
    seen = partial(VAE(6, 2).loss_and_grads, target=X, eps=Z)
    accepts(f"noise ({value})", lambda x, call=seen: np.isfinite(call(x)[0]["loss"]), bad, X)

# Sizes, rates and other numbers

NO_SIZES = [
    (0, ValueError, "at least 1, got 0"),
    (-2, ValueError, "at least 1, got -2"),
    (2.0, TypeError, "an integer, got 2.0"),
    (True, TypeError, "an integer, got True"),
    ("2", TypeError, "an integer, got '2'"),
    (None, TypeError, "an integer, got None"),
]
SIZES = [
    ("n_features", "Autoencoder", lambda n: Autoencoder(n, 2)),
    ("n_features", "VAE", lambda n: VAE(n, 2)),
    ("n_features", "LinearAutoencoder", lambda n: LinearAutoencoder(n, 2)),
    ("n_latent", "LinearAutoencoder", lambda n: LinearAutoencoder(6, n)),
    ("n_latent", "Autoencoder", lambda n: Autoencoder(6, n)),
    ("n_latent", "VAE", lambda n: VAE(6, n)),
    ("hidden", "Autoencoder", lambda n: Autoencoder(6, 2, hidden=(3, n))),
    ("hidden", "VAE", lambda n: VAE(6, 2, hidden=[n])),
    ("epochs", "LinearAutoencoder", lambda n: fit(TRAINED["LinearAutoencoder"](), epochs=n)),
    ("epochs", "Autoencoder", lambda n: fit(TRAINED["Autoencoder"](), epochs=n)),
    ("epochs", "VAE", lambda n: fit(TRAINED["VAE"](), epochs=n)),
    ("n", "VAE.sample", VAE(6, 2).sample),
    ("n", "ProbabilisticPCA.sample", ProbabilisticPCA(2).fit(X).sample),
    ("patience", "EarlyStopping", EarlyStopping),
]
for name, what, call in SIZES:
    for value, exception, said in NO_SIZES:
        refuses(f"{what}: {name}={value!r}", call, value, exception, f"{name} must be {said}$")

BOUNDED = [
    ("n_components", r"min\(n_samples, n_features\)=6", 6, lambda n: PCA(n).fit(X)),
    ("n_components", r"min\(n_samples, n_features\)=4", 4, lambda n: PCA(n).fit(X[:4])),
    ("n_components", "n_features-1=5", 5, lambda n: ProbabilisticPCA(n).fit(X)),
]
for make in TRAINED.values():
    call = partial(lambda make, n: fit(make(), batch_size=n), make)
    for value in 0, -1:
        said = f"batch_size must be at least 1, got {value}$"
        refuses(f"batch_size={value}", call, value, ValueError, said)
    for value in True, "2", [2]:
        said = rf"batch_size must be an integer, got {re.escape(repr(value))}$"
        refuses(f"batch_size={value!r}", call, value, TypeError, said)
for name, end, high, call in BOUNDED:
    for value in 0, -1, high + 1, 10**9:
        said = f"{name} must be between 1 and {end}, got {value}$"
        refuses(f"{name}={value} of {end}", call, value, ValueError, said)
    for value in True, "2", [2]:
        said = rf"{name} must be .*integer.*, got {re.escape(repr(value))}$"
        refuses(f"{name}={value!r} of {end}", call, value, TypeError, said)
for call in lambda n: LinearAutoencoder(6, n), lambda n: ProbabilisticPCA(n).fit(X):
    refuses("a fraction", call, 0.5, TypeError, "n_.* must be an integer, got 0.5")
refuses("a fraction", lambda n: PCA(n).fit(X), 1.5, ValueError, r"n_comp.* in \(0, 1\), got 1.5")

RATES = [
    ("learning_rate", r"\(0, inf\)", [0, -0.1, NAN, INF], Adam),
    ("learning_rate", r"\(0, inf\)", [0, -0.1, NAN, INF], SGD),
    ("momentum", r"\[0, 1\)", [-0.1, 1, NAN], lambda value: SGD(0.1, momentum=value)),
    ("beta1", r"\[0, 1\)", [-0.1, 1, NAN], lambda value: Adam(beta1=value)),
    ("beta2", r"\[0, 1\)", [-0.1, 1, NAN], lambda value: Adam(beta2=value)),
    ("epsilon", r"\(0, inf\)", [0, -1e-8, INF], lambda value: Adam(epsilon=value)),
    ("beta", r"\[0, inf\)", [-1, NAN, INF], lambda value: VAE(6, 2, beta=value)),
    ("sigma", r"\(0, inf\)", [0, -1.0, NAN, INF], Gaussian),
    ("min_sigma", r"\(0, inf\)", [0, -1.0, NAN], lambda value: Gaussian(min_sigma=value)),
    ("min_delta", r"\[0, inf\)", [-1, NAN], lambda value: EarlyStopping(min_delta=value)),
]
for name, interval, values, call in RATES:
    for value in values:
        said = f"{name} must be in {interval}, got {value}$"
        refuses(f"{name}={value}", call, value, ValueError, said)
    for value in True, None, 1j, [0.1]:
        said = re.escape(f"{name} must be a number, got {value!r}")
        refuses(f"{name}={value!r}", call, value, TypeError, f"{said}$")

# Words

WORDS = [
    ("hidden", 64, TypeError, "must be a sequence of integers, got 64"),
    ("activation", "x", ValueError, "must be one of .*'tanh'.*, got 'x'"),
    ("likelihood", "x", ValueError, "must be one of .*'bernoulli'.*, got 'x'"),
    ("dtype", "int8", ValueError, "must be float32 or float64, got int8"),
]
for name, word, exception, said in WORDS:
    for kind in Autoencoder, VAE:
        call = lambda word, kind=kind, name=name: kind(6, 2, **{name: word})  # noqa: E731
        refuses(f"{kind.__name__}: {name}={word!r}", call, word, exception, f"{name} {said}")
refuses("Gaussian", Gaussian, "x", ValueError, "sigma must be a number, 'learned' .*, got 'x'")
for name, make in TRAINED.items():
    call = lambda word, make=make: fit(make(), optimizer=word)  # noqa: E731
    refuses(f"{name}: optimizer", call, "adam", TypeError, "optimizer must .*, got 'adam'")
    call = lambda word, make=make: fit(make(), callbacks=[EarlyStopping(monitor=word)])  # noqa: E731
    refuses(f"{name}: monitor", call, "x", ValueError, r"monitor must be one of \[.*\], got 'x'")

# Files


def on_a_full_disk(save, path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


A_FOLDER = r"path must name a file, got the folder \."
for name, make in TRAINED.items():
    save, load = make().save, type(make()).load
    for what, call in ("save", save), ("load", load), ("minivae.load", minivae.load):
        refuses(f"{name}: {what} (folder)", call, ".", IsADirectoryError, A_FOLDER)
    path, said = "no/model.npz", "cannot save no/model.npz: there is no folder no"
    refuses(f"{name}: save (no folder)", save, path, FileNotFoundError, said)
    refuses(f"{name}: load (no file)", load, path, FileNotFoundError, ".*no/model.npz")
    call, said = partial(on_a_full_disk, save), r".*cannot save model\.npz: File too large"
    refuses(f"{name}: save (full disk)", call, "model.npz", OSError, said)

# What is accepted, and what plain array it is the same as

FORMS = {
    "read-only": (X, X.copy()),
    "columns first": (np.asfortranarray(X), X),
    "every other row": (np.repeat(X, 2, axis=0)[::2], X),
    "every other column": (np.repeat(X, 2, axis=1)[:, 1::2], X),
    "backwards": (X[::-1, ::-1], X[::-1, ::-1].copy()),
    "big-endian": (X.astype(">f8"), X),
    "float32": (X.astype(np.float32), X.astype(np.float32).astype(float)),
    "float16": (X.astype(np.float16), X.astype(np.float16).astype(float)),
    "lists": (X.tolist(), X),
    "integers": (BITS, BITS.astype(float)),
    "small integers": (BITS.astype(np.int8), BITS.astype(float)),
    "booleans": (BITS.astype(bool), BITS.astype(float)),
    "bytes": (BITS.astype(np.uint8) * np.uint8(77), BITS * 77 / 255),
}


def answers(make, X):
    model = fit(make(), X)
    return np.hstack([model.transform(X), model.reconstruct(X), np.full((12, 1), model.score(X))])


def losses_and_gradients(make, x):
    losses, grads = make().loss_and_grads(x, target=x, eps=Z.tolist())
    return np.concatenate([[losses["loss"]], *(gradient.ravel() for gradient in grads.values())])


def one_row(make, X):
    return fit(make(), X, batch_size=1).reconstruct(X)


for form, (given, plain) in FORMS.items():
    for name, make in (TRAINED | SOLVED).items():
        accepts(f"{name}: {form}", partial(answers, make), given, plain)
    for name, make in TRAINED.items():
        call = partial(losses_and_gradients, make)
        accepts(f"{name}.loss_and_grads: {form}", call, given, plain)
for name, make in TRAINED.items():
    accepts(f"{name}: one row", partial(one_row, make), X[:1], X[[0]].tolist())
for kind in Autoencoder, VAE:
    call = partial(answers, partial(kind, 6, 9, rng=0))
    accepts(f"{kind.__name__}: a code wider than the data", call, X, X.copy())
for n in np.int64(6), 1 - 1e-12, None:
    accepts(f"PCA: {n!r} components", lambda n: PCA(n).fit(X).components_, n, 6)

GIVEN = [X, BITS, Z, *(np.asarray(array) for form in FORMS.values() for array in form)]
for array in GIVEN:
    array.flags.writeable = False


@pytest.mark.parametrize(("call", "exception", "said"), TABLE)
def test_the_table(call, exception, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = [array.tobytes() for array in GIVEN]
    if exception is None:
        np.testing.assert_allclose(call(), said(), rtol=1e-9, atol=1e-12)
    else:
        with pytest.raises(exception, match=f"^{said}"):
            call()
    assert [array.tobytes() for array in GIVEN] == before
    assert os.listdir(tmp_path) == []
