"""Adam and gradients: what its step is, and how well a derivative can be measured."""

from __future__ import annotations

import numpy as np

from minivae.claims import Outcome, claim
from minivae.optimizers import Adam


@claim("Under a constant gradient every step of Adam is the learning rate", source="Kingma 2015")
def adam_constant_gradient() -> Outcome:
    """Under a constant gradient g the bias-corrected moments are exactly g and g^2.

    m_t = (1 - beta1^t) g, so m_t / (1 - beta1^t) = g, and likewise for g^2: at every t the step is
    lr g / (|g| + eps) = lr sign(g) up to eps / |g|. Without the correction the first would be
    (1 - beta1) / sqrt(1 - beta2) = 3.2 times too long.
    """
    g = np.array([3.0, -0.02, 1e4])
    theta, optimizer = {"theta": np.zeros(3)}, Adam(0.1, epsilon=1e-12)
    path = [np.zeros(3)]
    for _ in range(50):
        optimizer.step(theta, {"theta": g})
        path.append(theta["theta"].copy())
    steps = np.diff(path, axis=0)
    return Outcome(
        exact=np.broadcast_to(-0.1 * np.sign(g), (50, 3)), measured=steps, tolerance=1e-10
    )
