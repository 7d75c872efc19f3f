"""Particular values of the claims on Bayes before the VAE."""

import numpy as np
import pytest

from minivae.claims import find_claim


def test_the_figures_that_textbooks_could_print():
    def values(name):
        return np.ravel(find_claim(name).measure().measured)

    anchors = {
        "mean-field-gap": [0.2595969367],
        "amortization-gap": [0.6016887813],
    }
    for name, expected in anchors.items():
        distance = np.abs(np.subtract.outer(expected, values(name))).min(axis=1)
        assert distance.max() < 1e-10, name
    stated = [[0.6999, 0.8152, 0.8900, 0.9320], [0.7683, 0.8519, 0.9055, 0.9363]]
    covered = values("plug-in-under-coverage")[: np.size(stated)]
    assert covered == pytest.approx(np.ravel(stated), abs=0.005)
