"""What is checked, in one form: a function of named arrays, and its hand-written gradient."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from minivae.edge.checks import ArgumentTypeError, Array
from minivae.nn.networks import cast

Gradients = dict[str, Array]


class Problem(NamedTuple):
    """A function of named arrays, read anew at each call, and its hand-written gradient."""

    evaluate: Callable[[], Array]
    differentiate: Callable[[Array], Gradients]  # of sum(dy * output), in arrays of their own
    arrays: Mapping[str, Array]
    n_rows: int  # the batch size
    params: Collection[str] = ()  # the arrays that must have a gradient


def as_problem(
    target: Any,
    inputs: tuple[Any, ...],
    backward: Callable[..., Any] | None,
    options: Mapping[str, Any],
    dtype: DTypeLike,
) -> Problem:
    """Return a model, a layer or a function as a problem whose arrays are copies of `dtype`."""
    n_rows = next(iter(np.shape(inputs[0])), 0)
    if hasattr(target, "loss_and_grads"):
        return _of_model(cast(target, dtype), inputs, options, n_rows)
    if options:
        raise ArgumentTypeError(f"target must be a model to take options, got {sorted(options)}")
    points = [np.array(value, dtype) for value in inputs]
    if hasattr(target, "forward"):
        return _of_layer(cast(target, dtype), points, n_rows)
    if not callable(target) or isinstance(target, type) or backward is None:
        raise ArgumentTypeError(
            "target must be a model, a layer, or a function given with backward="
        )
    return _of_function(target, backward, points, n_rows)


def _of_model(
    model: Any, inputs: tuple[Any, ...], options: Mapping[str, Any], n_rows: int
) -> Problem:
    def evaluate() -> Array:
        losses, _ = model.loss_and_grads(*inputs, **options)
        return np.asarray(losses["loss"])

    def differentiate(dy: Array) -> Gradients:
        _, grads = model.loss_and_grads(*inputs, **options)
        return {name: dy * gradient for name, gradient in grads.items()}

    return Problem(evaluate, differentiate, model.params, n_rows, model.params.keys())


def _of_layer(layer: Any, points: list[Array], n_rows: int) -> Problem:
    def differentiate(dy: Array) -> Gradients:
        layer.forward(*points)
        return _copies({"x": layer.backward(dy), **layer.grads})

    arrays = {"x": points[0], **layer.params}
    return Problem(
        lambda: layer.forward(*points), differentiate, arrays, n_rows, layer.params.keys()
    )


def _of_function(
    function: Callable[..., Any], backward: Callable[..., Any], points: list[Array], n_rows: int
) -> Problem:
    names = _argument_names(function, len(points))

    def differentiate(dy: Array) -> Gradients:
        gradients = backward(*points, dy)
        gradients = gradients if isinstance(gradients, tuple) else (gradients,)
        if len(gradients) > len(points):
            raise ValueError(f"backward gave {len(gradients)} gradients for {len(points)} inputs")
        return _copies(dict(zip(names, gradients, strict=False)))

    arrays = dict(zip(names, points, strict=True))
    return Problem(lambda: function(*points), differentiate, arrays, n_rows)


def _copies(gradients: Mapping[str, Any]) -> Gradients:
    return {name: np.array(gradient) for name, gradient in gradients.items()}


def _argument_names(function: Callable[..., Any], n: int) -> list[str]:
    """Return names for `n` arguments: the function's own, as far as it tells them."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # compiled, like some of NumPy's
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names[:n] + [f"argument {i}" for i in range(len(names), n)]
