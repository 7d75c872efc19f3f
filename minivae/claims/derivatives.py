"""Numerical derivatives: how accurately they can check hand-written gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minivae.bayes import variational
from minivae.claims import Outcome, audit, claim
from minivae.edge.checks import Array
from minivae.gradient_check.check import check_gradients
from minivae.gradient_check.numeric import (
    TOLERANCES,
    Derivative,
    central_difference,
    complex_step,
)
from minivae.linear import linear_gaussian
from minivae.models import vae
from minivae.nn import networks

EPS = np.finfo(float).eps
STEPS = 10.0 ** np.arange(-12, -0.5, 0.5)
Quotient = Callable[[Callable[[complex], Any], float], float]


@claim("The error of central differences is a V: slope 2, slope -1", source="derived here")
def central_difference_error() -> Outcome:
    """As h shrinks, the error of (f(x + h) - f(x - h)) / 2h falls like h^2, then grows like 1/h.

    By Taylor's theorem the truncation error is h^2 f''' / 6. But f is rounded to a relative
    precision eps, and the difference of two rounded values is divided by h. Both errors are equal
    near h = eps^(1/3) = 6e-6, where ten of the sixteen digits are right. The loss of a VAE is
    measured along random lines through its parameters, against its hand-written gradient: both
    slopes, log10 of the best step, and the worst error of the library's own differences, which are
    extrapolated to h = 0.
    """
    errors = _errors(_central, STEPS, np.float64)
    right, left = STEPS > 1e-5, STEPS < 1e-7
    slopes = [np.polyfit(np.log(STEPS[w]), np.log(errors[w]), 1)[0] for w in (right, left)]
    return Outcome(
        exact=[2, -1, np.log10(EPS) / 3, 0],
        measured=[*slopes, np.log10(STEPS[errors.argmin()]), _library_error(central_difference)],
        tolerance=[0.1, 0.1, 0.75, 1e-8],
        because="noise of 20 lines' rounding; half a decade a step; where the library stops",
        draw=_draw_errors,
    )


@claim("The error of the complex step is flat at rounding", source="Squire and Trapp 1998")
def complex_step_error() -> Outcome:
    """Im f(x + ih) / h subtracts nothing, so it loses no digits as h shrinks.

    f(x + ih) = f(x) + ih f'(x) - h^2 f''(x) / 2 - ..., so the derivative is the imaginary part, and
    its relative error is h^2 f''' / 6 f'. From h = 1e-9 down to 1e-300 this error is below
    rounding. All operations of f must work on complex numbers, without an absolute value. The last
    measured value is the library's own complex step.
    """
    steps = 10.0 ** np.arange(-300, -8, 10)
    errors = _errors(_complex_step, steps, np.complex128)
    return Outcome(
        exact=0,
        measured=[*errors, _library_error(complex_step)],
        tolerance=1e-14,
        because="rounding",
        draw=_draw_errors,
    )


@claim("Every gradient passes central differences and the complex step", source="derived here")
def every_gradient() -> Outcome:
    """Each backward pass is the derivative of its forward pass: layer, function, likelihood, model.

    The measured value is the worst relative error over all parameters and inputs, for a random
    cotangent. It is at most 1e-7 by extrapolated central differences, and at most 1e-10 by the
    complex step.
    """
    rows = list(audit.audit())
    reports = [row.central for row in rows], [row.complex_step for row in rows]
    worst = np.array([[r.worst.relative_error if r.worst else np.nan for r in m] for m in reports])
    tolerances = np.array(list(TOLERANCES.values()))

    def draw(ax: Any) -> None:
        for errors, method in zip(worst, TOLERANCES, strict=True):
            ax.semilogx(np.maximum(errors, EPS / 2), range(len(rows)), "o", label=method)
        ax.set_yticks(range(len(rows)), [f"{row.kind} {row.name}" for row in rows], fontsize=5)
        ax.invert_yaxis()
        ax.set(xlabel="worst relative error")
        ax.legend()

    return Outcome(
        0,
        worst,
        np.broadcast_to(tolerances[:, None], worst.shape),
        because="rounding divided by a step; rounding alone",
        draw=draw,
    )


@claim(
    "The gradients that inference follows pass central differences: an ELBO's and log p(x, z)'s",
    source="derived here",
)
def gradients_of_inference() -> Outcome:
    """`elbo_and_gradient` and `log_joint` return a value and its gradient from one call.

    They have no `_backward` of their own, so the audit does not cover them. The measured value is
    the worst relative error of dmu, dlog_var and dz against extrapolated central differences, at
    random points of a linear-Gaussian model with three features and two latents, with fixed noise.
    """
    rng = np.random.default_rng(0)
    model = linear_gaussian.LinearGaussianModel(rng.standard_normal((2, 3)), 0.4)
    target, eps = model.log_joint(rng.standard_normal(3)), rng.standard_normal((7, 2))

    def elbo(mu: Array, log_var: Array) -> Array:
        return np.array(variational.elbo_and_gradient(target, mu, log_var, eps)[0])

    def slopes(mu: Array, log_var: Array, dy: Array) -> Any:
        _, dmu, dlog_var = variational.elbo_and_gradient(target, mu, log_var, eps)
        return dy * dmu, dy * dlog_var

    reports = [
        check_gradients(elbo, *rng.standard_normal((2, 2)), backward=slopes, rng=0),
        check_gradients(
            lambda z: target(z)[0],
            rng.standard_normal((4, 2)),
            backward=lambda z, dy: dy[:, None] * target(z)[1],
            rng=0,
        ),
    ]
    worst = [r.worst.relative_error if r.worst else np.nan for r in reports]
    because = "what central differences reach"
    return Outcome([0, 0], worst, tolerance=TOLERANCES["central"], because=because)


@claim("The checker measures a gradient that is wrong by a thousandth", source="derived here")
def checker_sees_a_thousandth() -> Outcome:
    """A check that never fails proves nothing, so the checker is given wrong gradients here.

    The derivative of tanh times 1.001 has the relative error .001 / 1.001, and both methods must
    report this number. For the right derivative they must report zero.
    """
    x = np.random.default_rng(0).standard_normal((4, 3))
    found = []
    for method in TOLERANCES:
        for factor in (1.0, 1.001):
            report = check_gradients(
                np.tanh,
                x,
                backward=lambda x, dy, factor=factor: factor * dy * (1 - np.tanh(x) ** 2),
                method=method,
                rng=0,
            )
            found.append(report.worst.relative_error if report.worst else np.nan)
    return Outcome(
        exact=[0, 0.001 / 1.001] * 2,
        measured=found,
        tolerance=1e-7,
        because="what central differences reach",
    )


def _central(f: Callable[[complex], Any], h: float) -> float:
    return float((f(h) - f(-h)) / (2 * h))


def _forward(f: Callable[[complex], Any], h: float) -> float:
    return float((f(h) - f(0)) / h)


def _complex_step(f: Callable[[complex], Any], h: float) -> float:
    return float(f(1j * h).imag / h)


def _errors(quotient: Quotient, steps: Array, dtype: DTypeLike) -> Array:
    """Return the relative error of a quotient at each step: the root mean square over 20 lines."""
    errors, slopes = [], []
    for loss, slope in _lines(dtype):
        slopes.append(slope)
        errors.append([quotient(loss, h) - slope for h in steps])
    return np.sqrt(np.mean(np.square(errors), axis=0) / np.mean(np.square(slopes)))


def _lines(dtype: DTypeLike) -> Iterator[tuple[Callable[[complex], Any], float]]:
    """Yield the loss along 20 lines, and its slope at 0 by the hand-written gradient."""
    rng = np.random.default_rng(0)
    model = vae.VAE(12, 2, hidden=(8,), activation="tanh", rng=rng)
    x, eps = rng.integers(0, 2, (20, 12)), rng.standard_normal((20, 2))
    gradient = {name: g.copy() for name, g in model.loss_and_grads(x, eps=eps)[1].items()}
    moved = networks.cast(model, dtype)
    for _ in range(20):
        line = {name: rng.standard_normal(g.shape) for name, g in gradient.items()}

        def loss(t: complex, line: dict[str, Array] = line) -> Any:
            for name, value in moved.params.items():
                value[...] = model.params[name] + t * line[name]
            return moved.loss_and_grads(x, eps=eps)[0]["loss"]

        yield loss, float(sum(np.sum(g * line[name]) for name, g in gradient.items()))


def _library_error(differentiate: Derivative) -> float:
    """Return the error of one of the library's derivatives along the same lines."""
    dtype = np.complex128 if differentiate is complex_step else np.float64
    errors, slopes = [], []
    for loss, slope in _lines(dtype):
        t = np.zeros(1, dtype)
        errors.append(differentiate(partial(_at, loss, t), t, 0, np.ones(())) - slope)
        slopes.append(slope)
    return float(np.sqrt(np.mean(np.square(errors)) / np.mean(np.square(slopes))))


def _at(loss: Callable[[complex], Any], t: Array) -> Array:
    return np.asarray(loss(t[0]))


def _draw_errors(ax: Any) -> None:
    from minivae import plots

    errors = {
        "forward difference": _errors(_forward, STEPS, np.float64),
        "central difference": _errors(_central, STEPS, np.float64),
        "complex step": _errors(_complex_step, STEPS, np.complex128),
    }
    plots.gradient_errors(STEPS, errors, ax=ax)
