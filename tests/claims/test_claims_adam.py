"""Particular values of the claims on Adam."""

import numpy as np

from minivae.claims import find_claim


def test_the_figures_that_textbooks_could_print():
    path = find_claim("adam-step-values").measure().measured
    anchors = [-0.099999999000, -0.063389646528, -0.049720580326, -0.120983472454]
    np.testing.assert_allclose(path[[0, 1, 2, 4]], anchors, atol=1e-12)
    np.testing.assert_allclose(
        find_claim("adam-longest-step").measure().exact, [3.16228, -7.27029], atol=1e-5
    )
