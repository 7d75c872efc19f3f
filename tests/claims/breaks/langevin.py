"""Ways to be wrong in SGHMC."""

from breaks import rewrite
from minivae.bayes import langevin

LAW, CHAINS, STABLE = "langevin-stationary-law", "langevin-chains", "langevin-stability"

BREAKS = [
    (LAW, rewrite(langevin.baoab, "(1 - (1 - friction) ** 2)", "2 * friction")),
    (LAW, rewrite(langevin.baoab, "z = z + v / 2", "z = z + v")),
    (LAW, rewrite(langevin.euler, "2 * friction * h", "friction * h")),
    (LAW, rewrite(langevin.euler, "h * gradient", "np.sqrt(h) * gradient")),
    (CHAINS, rewrite(langevin.sghmc, "step**2", "step")),
    (CHAINS, rewrite(langevin.sghmc, "h, friction, rng", "h, friction, 1.1 * rng")),
    (CHAINS, rewrite(langevin.sghmc, "gradient, h, friction", "0.8 * gradient, h, friction")),
    (STABLE, rewrite(langevin.baoab, "h * gradient", "1.1 * h * gradient")),
    (STABLE, rewrite(langevin.euler, "z + v, v", "z + 1.1 * v, v")),
]
