"""Adam: what its step is, what it does not depend on, and how long it can be."""

from __future__ import annotations

from typing import Any

import numpy as np

from minivae.claims import Outcome, claim
from minivae.edge.checks import Array
from minivae.training.optimizers import SGD, Adam, Optimizer


@claim(
    "Adam's corrected moments are weighted averages of all gradients so far",
    source="Kingma and Ba 2015",
)
def adam_step_values() -> Outcome:
    """Under Algorithm 1 a step is lr times mean / (root mean square + eps) of past gradients.

    m_t = (1 - beta1) sum_s beta1^(t-s) g_s has weights that add up to 1 - beta1^t, and that is what
    the bias correction divides by: what is left is an average whose weights fall by beta1 a step.
    Likewise for the squares with beta2. Exact are the averages by `numpy.average`, measured is
    the optimizer's path for g = 1, -2, .5, 3, -.1.
    """
    gradients = np.array([1, -2, 0.5, 3, -0.1])
    steps = _steps_by_averages(gradients, 0.1, 1e-8)
    path = _path(Adam(0.1), gradients)

    def draw(ax: Any) -> None:
        sgd = _path(SGD(0.1), gradients)
        ax.plot(range(1, 6), path, "o-", label="Adam")
        ax.plot(range(1, 6), sgd, "s--", label="gradient descent")
        ax.set(xlabel="step", ylabel="parameter", xticks=range(1, 6))
        ax.set_title("learning rate .1, gradients 1, -2, .5, 3, -.1")
        ax.legend()

    return Outcome(
        exact=np.cumsum(steps), measured=path, tolerance=1e-12, because="rounding", draw=draw
    )


@claim(
    "Under a constant gradient every step of Adam is the learning rate", source="Kingma and Ba 2015"
)
def adam_constant_gradient() -> Outcome:
    """Under a constant gradient g the bias-corrected moments are exactly g and g^2.

    m_t = (1 - beta1^t) g, so m_t / (1 - beta1^t) = g, and likewise for g^2: at every t the step is
    lr g / (|g| + eps) = lr sign(g) up to eps / |g|. Without the correction the first would be
    (1 - beta1) / sqrt(1 - beta2) = 3.2 times too long.
    """
    g = np.array([3.0, -0.02, 1e4])
    path = _path(Adam(0.1, epsilon=1e-12), np.tile(g, (50, 1)))
    steps = np.diff(path, axis=0, prepend=0)
    return Outcome(
        exact=np.broadcast_to(-0.1 * np.sign(g), (50, 3)),
        measured=steps,
        tolerance=1e-10,
        because="epsilon / |g|, at most 5e-11, times the rate",
    )


@claim("Adam's path does not depend on the scale of the loss", source="Kingma and Ba 2015")
def adam_scale_invariance() -> Outcome:
    """Multiplying all gradients by c > 0 multiplies m by c and sqrt(v) by c: the step is the same.

    It holds as far as eps is small beside the gradients, here 1e-20. So Adam needs no learning rate
    tuned to the loss being a sum or a mean, nats or bits; gradient descent's steps grow by c. Exact
    is the path of the unscaled gradients by `numpy.average`, at every scale.
    """
    gradients = np.random.default_rng(0).normal(0.3, 1, 60)
    scales = np.array([1, 1e-6, 1e-3, 1e3, 1e6])
    paths = _path(Adam(0.01, epsilon=1e-20), gradients[:, None] * scales)
    exact = np.cumsum(_steps_by_averages(gradients, 0.01, 0))

    def draw(ax: Any) -> None:
        for scale, path in zip(scales[1:], paths.T[1:], strict=True):
            ax.plot(path, lw=5 - np.log10(scale) / 2, alpha=0.4, label=f"gradients x {scale:g}")
        ax.plot(exact, "k--", lw=1, label="by averages")
        ax.set(xlabel="step", ylabel="parameter", title="Adam's paths lie on one another")
        ax.legend()

    return Outcome(
        exact=np.broadcast_to(exact[:, None], paths.shape),
        measured=paths,
        tolerance=1e-12,
        because="rounding",
        draw=draw,
    )


@claim("Adam's epsilon stands outside the corrected root", source="Kingma and Ba 2015")
def adam_epsilon() -> Outcome:
    """From rest the first step is lr g / (|g| + eps): half the learning rate at g = eps.

    Both corrected moments are g and g^2 then. Moving eps in front of the correction, as some
    libraries do, lets it act 1 / sqrt(1 - beta2) = 32 times as strongly on the first step: a
    gradient of 1e-8 would make .03 of a step and not half of one.
    """
    g = np.geomspace(1e-11, 1e-5, 25)
    lengths = -_path(Adam(1.0), g[None])[0]
    exact = g / (g + 1e-8)

    def draw(ax: Any) -> None:
        ax.semilogx(g, exact, label="g / (g + eps)")
        ax.semilogx(g, lengths, "ko", label="Adam")
        ax.semilogx(g, g / (g + 1e-8 / np.sqrt(0.001)), "--", label="eps before the correction")
        ax.set(xlabel="gradient (eps = 1e-8)", ylabel="first step (learning rates)")
        ax.legend()

    return Outcome(exact, lengths, tolerance=1e-12, because="rounding", draw=draw)


@claim(
    "With its default betas and epsilon near 0 Adam's steps reach 7.3 learning rates, not 3.2",
    source="derived here; 3.2 is the bound in Kingma and Ba 2015, section 2.1",
)
def adam_longest_step() -> Outcome:
    """After silence, a lone gradient moves by 3.2 learning rates; growing ones by 7.3 each.

    The paper bounds the step by (1 - beta1) / sqrt(1 - beta2), what a lone gradient reaches. That
    bound is wrong, for a momentum that remembers ten steps can have all of them in line.
    After a long time the step is lr (1 - beta1) / sqrt(1 - beta2) times sum_k beta1^k g_k over
    sqrt(sum_k beta2^k g_k^2), g_k being the gradient k steps ago. A lone g_0 makes that ratio 1.
    By Cauchy and Schwarz it is at most 1 / sqrt(1 - beta1^2 / beta2) = 2.3, reached where g_k
    falls like (beta1 / beta2)^k: a gradient that grows by a ninth at each step.
    """
    beta1, beta2 = 0.9, 0.999
    gradients = np.zeros((20_000, 2))
    gradients[-1, 0] = -3
    gradients[-300:, 1] = (beta2 / beta1) ** np.arange(300)
    path = _path(Adam(1.0, epsilon=1e-15), gradients)
    lone = (1 - beta1) / np.sqrt(1 - beta2)
    exact = [lone, -lone / np.sqrt(1 - beta1**2 / beta2)]

    def draw(ax: Any) -> None:
        ax.plot(range(-49, 301), -np.diff(path[-351:, 1]), label="gradients that grow by a ninth")
        ax.axhline(-exact[1], color="k", ls="--", label="7.27: no step is longer")
        ax.axhline(lone, color="0.5", ls=":", label="3.16: the paper's bound")
        ax.set(xlabel="step after long silence", ylabel="length (learning rates)", ylim=(-0.2, 8.8))
        ax.legend()

    return Outcome(
        exact,
        measured=path[-1] - path[-2],
        tolerance=1e-7,
        because="the gradients before the last 300, and beta2^20000",
        draw=draw,
    )


def _steps_by_averages(gradients: Array, learning_rate: float, epsilon: float) -> Array:
    """Return Algorithm 1's steps, with `numpy.average` for its corrected moments."""
    steps = []
    for t in range(1, len(gradients) + 1):
        g, age = gradients[:t], np.arange(t)[::-1]
        mean = np.average(g, weights=0.9**age)
        mean_square = np.average(g**2, weights=0.999**age)
        steps.append(-learning_rate * mean / (np.sqrt(mean_square) + epsilon))
    return np.array(steps)


def _path(optimizer: Optimizer, gradients: Array) -> Array:
    """Return where a parameter that starts at 0 is after each gradient, whatever it is."""
    theta = np.zeros(gradients.shape[1:])
    path = np.empty(gradients.shape)
    for t, g in enumerate(gradients):
        optimizer.step({"theta": theta}, {"theta": np.asarray(g)})
        path[t] = theta
    return path
