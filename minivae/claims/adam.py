"""Adam: what a step is, what it does not depend on, and how long it can be."""

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
    """A step is lr times mean / (root mean square + eps) of the past gradients, as in Algorithm 1.

    In m_t = (1 - beta1) sum_s beta1^(t-s) g_s the weights of the gradients add up to 1 - beta1^t.
    The bias correction divides by this sum, so the corrected moment is a weighted average, whose
    weights fall by beta1 a step. The same holds for the squares with beta2. The exact averages come
    from `numpy.average`; the measured path is the optimizer's for g = 1, -2, .5, 3, -.1.
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

    m_t = (1 - beta1^t) g, so m_t / (1 - beta1^t) = g, and likewise for g^2. So at every t the step
    is lr g / (|g| + eps), which is lr sign(g) up to eps / |g|. Without the correction, the first
    step would be (1 - beta1) / sqrt(1 - beta2) = 3.2 times as long.
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
    """Multiplying all gradients by c > 0 multiplies m and sqrt(v) by c, so the step is the same.

    This holds as long as eps is small compared with the gradients; here it is 1e-20. So the
    learning rate of Adam need not be tuned to a loss that is a sum or a mean, in nats or in bits.
    The steps of gradient descent are multiplied by c. The exact path at every scale comes from
    `numpy.average` on the unscaled gradients.
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
    """From rest, the first step is lr g / (|g| + eps): half the learning rate at g = eps.

    At the first step both corrected moments are exact, g and g^2. Some libraries add eps before the
    correction. Then eps counts 1 / sqrt(1 - beta2) = 32 times as much on the first step: a gradient
    of 1e-8 would give .03 of a step instead of half a step.
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
    """After zeros, a lone gradient moves by 3.2 learning rates; growing gradients by 7.3 each.

    The paper bounds the step by (1 - beta1) / sqrt(1 - beta2) learning rates, which a lone gradient
    reaches. This bound is wrong, because the momentum remembers about ten steps, and all of them
    can have the same sign. After a long time the step is lr (1 - beta1) / sqrt(1 - beta2) times
    sum_k beta1^k g_k / sqrt(sum_k beta2^k g_k^2), where g_k is the gradient k steps ago. For a lone
    g_0 this ratio is 1. By the Cauchy-Schwarz inequality it is at most 1 / sqrt(1 - beta1^2 /
    beta2) = 2.3. The ratio reaches this bound if g_k falls like (beta1 / beta2)^k, so that the
    gradient grows by a ninth at each step.
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
    """Return the steps of Algorithm 1, with corrected moments by `numpy.average`."""
    steps = []
    for t in range(1, len(gradients) + 1):
        g, age = gradients[:t], np.arange(t)[::-1]
        mean = np.average(g, weights=0.9**age)
        mean_square = np.average(g**2, weights=0.999**age)
        steps.append(-learning_rate * mean / (np.sqrt(mean_square) + epsilon))
    return np.array(steps)


def _path(optimizer: Optimizer, gradients: Array) -> Array:
    """Return the parameter after each gradient, from a start at 0; the gradients are given."""
    theta = np.zeros(gradients.shape[1:])
    path = np.empty(gradients.shape)
    for t, g in enumerate(gradients):
        optimizer.step({"theta": theta}, {"theta": np.asarray(g)})
        path[t] = theta
    return path
