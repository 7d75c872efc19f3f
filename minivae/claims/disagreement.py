"""Scores from models that disagree, where models and data are normal and all is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from minivae.claims import Outcome, claim
from minivae.diagnostics import disagreement as scores
from minivae.edge.checks import Array

N_MODELS = 20_001


@claim(
    "For theta ~ N(0, t^2) and x ~ N(theta, 1) every score of a set of models has a closed form",
    source="Daxberger and Hernandez-Lobato 2019; derived here",
)
def weight_scores_of_a_normal() -> Outcome:
    """Put many models at the quantiles of N(0, t^2), and ask each for log N(x; theta, 1).

    The mean of p(x | theta) is N(x; 0, 1 + t^2). The mean of log p is -(log 2 pi + x^2 + t^2) / 2
    and its variance x^2 t^2 + t^4 / 2. The weights are the posterior of theta, N(m, s^2) with s^2 =
    t^2 / (1 + t^2) and m = s^2 x, so the information is KL(N(m, s^2), N(0, t^2)). The share of
    effective models, D / M, is (mean of p)^2 / (mean of p^2), and p^2 = N(x; theta, 1/2) / (2
    sqrt(pi)). With t^2 = .25 it is .98, .86 and .30 at x = 0, 1 and 3.
    """
    t2, x = 0.25, np.array([0.0, 1.0, 3.0])
    log_p = _log_p(x, t2)
    measured = [scores.effective_models(log_p) / N_MODELS]
    measured += [scores.weight_scores(log_p, method=method) for method in scores.METHODS]
    share, s2 = _share(x, t2), t2 / (1 + t2)
    variance = x**2 * t2 + t2**2 / 2
    information = 0.5 * (s2 / t2 + (s2 * x) ** 2 / t2 - 1 - np.log(s2 / t2))
    mean = -0.5 * (np.log(2 * np.pi) + x**2 + t2)
    by_method = {
        "disagreement": -share * N_MODELS,
        "information": information,
        "variance": variance,
        "waic": variance - mean,
        "expected_likelihood": -stats.norm.logpdf(x, 0, np.sqrt(1 + t2)),
    }
    exact = np.array([share, *(by_method[method] for method in scores.METHODS)])
    scale = np.array([1, N_MODELS, 1, 1, 1, 1])[:, None]

    def draw(ax: Any) -> None:
        at = np.linspace(-5, 5, 101)
        for each, line in ((0.05, "-"), (0.25, "--"), (1.0, ":")):
            ax.plot(at, _share(at, each), line, label=f"t^2 = {each:g}, formula")
            found = scores.effective_models(_log_p(at[::10], each)) / N_MODELS
            ax.plot(at[::10], found, "k.")
        ax.set(xlabel="x", ylabel="share of the models that is left after x is seen")
        ax.legend()

    return Outcome(
        exact / scale,
        np.array(measured) / scale,
        tolerance=1e-3,
        because="a rule of 20,001 quantiles",
        draw=draw,
    )


def _log_p(x: Array, t2: float) -> Array:
    """Return log N(x; theta, 1) for theta at the quantiles of N(0, t2), shape (N_MODELS, n)."""
    places = (np.arange(N_MODELS) + 0.5) / N_MODELS
    theta = stats.norm.ppf(places, 0, np.sqrt(t2))
    log_p: Array = stats.norm.logpdf(x, theta[:, None], 1)
    return log_p


def _share(x: Array, t2: float) -> Array:
    mean = stats.norm.pdf(x, 0, np.sqrt(1 + t2))
    mean_of_square = stats.norm.pdf(x, 0, np.sqrt(0.5 + t2)) / (2 * np.sqrt(np.pi))
    share: Array = mean**2 / mean_of_square
    return share
