"""Particular values of the claims on linear autoencoders."""

import numpy as np
from matplotlib.figure import Figure

from minivae.claims import find_claim, linear_saddles


def test_saddles_have_the_numbers_of_ways_down_that_are_known():
    full_codes = [0, 9, 1, 9, 2, 9, 9, 9]  # ways down, and the nine flat directions of C
    np.testing.assert_array_equal(
        linear_saddles.saddle_curvature().measured, [*full_codes, 4, 11, 18]
    )


def test_transpose_theorem_is_tried_at_several_saddles():
    ax = Figure().subplots()
    find_claim("l2-transpose-theorem").measure().draw(ax)
    assert len(ax.images[0].get_array()) >= 4
