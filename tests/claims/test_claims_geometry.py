"""Particular values of the claims on the code space."""

import numpy as np
import pytest

from minivae.claims import find_claim


def test_the_figures_that_textbooks_print():
    means = find_claim("gaussian-norms").measure().exact
    np.testing.assert_allclose(means[0], [1.25331, 2.74162, 4.41661, 7.03580, 22.61637], atol=5e-6)
    shares = np.exp(find_claim("the-origin-is-empty").measure().measured)
    anchors = [0.393, 0.393, 0.00175, 0.143, 1.7e-10, 0.0318, None, 0.00119, 1.7e-23]
    for share, anchor in zip(shares, anchors, strict=True):
        if anchor is not None:
            assert share == pytest.approx(anchor, rel=0.02)
    assert find_claim("cycle-error-of-a-linear-vae").measure().exact == pytest.approx(0.0840241 / 3)
