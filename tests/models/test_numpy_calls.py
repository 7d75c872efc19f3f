"""How many calls of NumPy a small model's step takes: with few numbers, the calls are the cost."""

import numpy as np

from minivae import VAE, Adam, Layer


class Counted(np.ndarray):
    """An array that counts what NumPy is asked to do with it, and whose results count too."""

    calls: list = []  # noqa: RUF012

    def __array_finalize__(self, parent):
        pass

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        Counted.calls.append(ufunc.__name__ + ("" if method == "__call__" else f".{method}"))
        plain = [plainly(a) for a in inputs]
        if out is not None:
            options["out"] = tuple(plainly(a) for a in out)
        result = getattr(ufunc, method)(*plain, **options)
        return out[0] if out is not None else counting(result)

    def __array_function__(self, function, types, inputs, options):
        Counted.calls.append(function.__name__)
        return counting(function(*plainly(inputs), **plainly(options)))

    def astype(self, *inputs, **options):
        return counting(plainly(self).astype(*inputs, **options))


def plainly(thing):
    if isinstance(thing, np.ndarray):
        return thing.view(np.ndarray)
    if isinstance(thing, (list, tuple)):
        return type(thing)(plainly(each) for each in thing)
    if isinstance(thing, dict):
        return {name: plainly(value) for name, value in thing.items()}
    return thing


def counting(thing):
    return thing.view(Counted) if isinstance(thing, np.ndarray) else thing


def test_a_small_step_takes_few_calls(monkeypatch):
    vae, adam, rng = VAE(6, 2, hidden=(5,), rng=0), Adam(), np.random.default_rng(0)
    x = rng.random((8, 6))
    eps = rng.standard_normal((8, 2))
    adam.step(vae.params, vae.loss_and_grads(x, eps=eps)[1])  # finds the vector behind all
    real = {name: getattr(np, name) for name in ("empty", "zeros", "full_like")}
    monkeypatch.setattr(np, "asarray", np.asanyarray)
    monkeypatch.setattr(Layer, "_recall", lambda layer, dy, n_out=None: layer._cache)
    for name, make in real.items():

        def counted(*inputs, make=make, name=name, **options):
            Counted.calls.append(name)
            return counting(make(*plainly(inputs), **options))

        monkeypatch.setattr(np, name, counted)
    for layer in [*vae.encoder.layers, *vae.decoder.layers]:
        for arrays in (layer.params, layer.grads):
            arrays.update({name: counting(value) for name, value in arrays.items()})
    Counted.calls.clear()
    losses, grads = vae.loss_and_grads(counting(x), eps=counting(eps))
    assert np.isfinite(losses["loss"])
    params = {name: plainly(value) for name, value in vae.params.items()}
    blocks = [tuple(map(counting, block)) for block in adam._blocks]
    assert len(blocks) == 1
    adam._blocks, adam._known = blocks, [*params.values(), *grads.values()]
    adam.step(params, grads)
    assert 90 < len(Counted.calls) <= 106, Counted.calls  # array by array they were 200
