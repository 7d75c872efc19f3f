"""Hamiltonian Monte Carlo: what the leapfrog keeps, its error, and the accept step."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minivae.bayes import hamiltonian
from minivae.claims import Outcome, claim
from minivae.claims.sampling_rigs import standard_error
from minivae.edge.checks import Array


@claim("On a quadratic potential the leapfrog keeps a modified energy exactly", source="Neal 2011")
def leapfrog_modified_energy() -> Outcome:
    """On U = q^2 / 2 the leapfrog keeps p^2 / 2 + (1 - h^2 / 4) q^2 / 2, not the energy itself.

    On (q, p) a step is the matrix [[1 - h^2/2, h], [-h (1 - h^2/4), 1 - h^2/2]], with determinant 1
    and trace 2 - h^2. It is a turn along an ellipse whose axes have the ratio sqrt(1 - h^2/4). So
    for h < 2 the energy oscillates by a share of h^2 / 4, and does not drift for any number of
    steps. For h > 2 the trace is below -2, and the trajectory diverges.
    """
    steps, n_leapfrog = (0.3, 1.2, 1.8), 50
    z, momentum = np.array([[1.0], [-0.3]]), np.array([[0.4], [2.0]])
    paths = {h: _path(_standard_normal, z, momentum, h, n_leapfrog) for h in steps}
    modified = [p**2 / 2 + (1 - h**2 / 4) * q**2 / 2 for h, (q, p) in paths.items()]
    exact = [momentum**2 / 2 + (1 - h**2 / 4) * z**2 / 2 for h in steps]

    def draw(ax: Any) -> None:
        angle = np.linspace(0, 2 * np.pi, 200)
        for h, (q, p), energy in zip(steps, paths.values(), exact, strict=True):
            dots = ax.plot(q[:, 1, 0], p[:, 1, 0], ".", label=f"step {h:g}")[0]
            radius = np.sqrt(2 * energy[1, 0])
            width = radius / np.sqrt(1 - h**2 / 4)
            color = dots.get_color()
            ax.plot(width * np.cos(angle), radius * np.sin(angle), color=color, linewidth=0.6)
        ax.set(
            xlabel="position", ylabel="momentum", aspect="equal", title="50 steps from one start"
        )
        ax.legend()

    return Outcome(
        exact=np.broadcast_to(np.array(exact)[:, None], np.shape(modified)),
        measured=modified,
        tolerance=1e-13,
        because="rounding of 50 steps",
        draw=draw,
    )


@claim(
    "Half the step of the leapfrog makes a quarter of the energy error",
    source="Neal 2011",
)
def leapfrog_order() -> Outcome:
    """Along a trajectory of fixed length the energy error is O(h^2), so the ratio approaches 4.

    Half a kick, a drift and half a kick are symmetric under time reversal. So the error of a step
    has only odd powers of h, from h^3 on, and after 1/h steps the error is of order h^2. (A whole
    kick and a drift would leave an error of order h.) The target is a logistic density, whose
    trajectories have no closed form.
    """
    z, momentum = np.array([[1.0, -0.5]]), np.array([[0.7, 1.5]])
    steps = 0.2 / 2 ** np.arange(5)
    curves = {h: _energy_error(_logistic, z, momentum, h, round(4 / h)) for h in steps}
    largest = np.array([np.max(np.abs(curve)) for curve in curves.values()])
    ratios = largest[:-1] / largest[1:]

    def draw(ax: Any) -> None:
        ax.loglog(steps, largest, "ko", label="measured")
        ax.loglog(steps, largest[-1] * (steps / steps[-1]) ** 2, label="slope 2")
        ax.minorticks_off()
        ax.set_xticks(steps, [f"{h:g}" for h in steps])
        ax.set(xlabel="step", ylabel="largest energy error along a trajectory (nats)")
        ax.legend()

    return Outcome(
        exact=4,
        measured=ratios,
        tolerance=0.2,
        because="the next order: .1 at the longest step",
        draw=draw,
    )


@claim(
    "The leapfrog is reversible and preserves volume",
    source="Neal 2011",
)
def leapfrog_reversibility() -> Outcome:
    """With negated momentum a trajectory returns to its start, and its Jacobian has determinant 1.

    Each of the three moves shifts the position by a function of the momentum, or the momentum by a
    function of the position. Such a shear has determinant 1, and the opposite shift undoes it.
    Because of these two properties the accept step needs only the energy. The Jacobian is computed
    by complex steps.
    """
    rng = np.random.default_rng(0)
    z, momentum = rng.standard_normal((2, 5, 3))
    follow = partial(hamiltonian.leapfrog, _logistic, step=0.7, n_leapfrog=9)
    end, end_momentum, _ = follow(z, momentum)
    back, back_momentum, _ = follow(end, -end_momentum)

    jacobian = np.empty((6, 6))
    for j in range(6):
        start = np.concatenate([z[0], momentum[0]]) + 1e-30j * np.eye(6)[j]
        q, p, _ = follow(start[None, :3], start[None, 3:])
        jacobian[:, j] = np.concatenate([q[0], p[0]]).imag / 1e-30
    return Outcome(
        exact=[*z.ravel(), *momentum.ravel(), 1],
        measured=[*back.ravel(), *-back_momentum.ravel(), np.linalg.det(jacobian)],
        tolerance=1e-12,
        because="rounding of 18 steps",
    )


@claim(
    "The accept step leaves the target invariant for every stable step of the leapfrog",
    source="Duane et al. 1987",
)
def hamiltonian_accept_step() -> Outcome:
    """On N(0, 1) HMC has variance 1 for every step; without accepting it is 1 / (1 - h^2 / 4).

    The leapfrog alone keeps exp(-modified energy). With a new p before each trajectory, the
    variance of q is 1 / (1 - h^2/4), which is 5.3 at h = 1.8. Accepting with probability min(1,
    exp(energy lost)) is detailed balance for the true energy, because trajectories are reversible
    and preserve volume. So a large step lowers the acceptance rate, and does not change the target.
    A chain that starts from the target keeps it; a chain that starts elsewhere reaches it, unless
    its trajectories resonate as in `hamiltonian-resonance`.
    """
    steps = np.array([1.0, 1.2, 1.8])
    chains = [
        hamiltonian.hmc(_standard_normal, [0.5], 8000, step=h, n_leapfrog=2, rng=0) for h in steps
    ]
    accepted = [chain.samples[:, 0] ** 2 for chain in chains]
    free = [_without_accepting(h, n_chains=4000)[:, 0] ** 2 for h in steps]
    errors = [standard_error(v) for v in accepted] + [v.std() / np.sqrt(len(v)) for v in free]

    def draw(ax: Any) -> None:
        h = np.linspace(0.1, 1.9, 100)
        ax.semilogy(h, 1 / (1 - h**2 / 4), label="1 / (1 - step^2 / 4)")
        ax.semilogy(steps, [v.mean() for v in free], "ko", label="every trajectory kept")
        ax.semilogy(steps, [v.mean() for v in accepted], "k^", label="with the accept step")
        ax.axhline(1, color="0.35", linestyle="--", label="target")
        ax.set(xlabel="step (standard deviations of the target)", ylabel="variance of the samples")
        ax.legend()

    return Outcome(
        exact=[1, 1, 1, *1 / (1 - steps**2 / 4)],
        measured=[v.mean() for v in accepted + free],
        tolerance=5 * np.array(errors),
        because="five standard errors, by batches and of 4,000 chains",
        draw=draw,
    )


@claim(
    "In resonance HMC accepts every step and never mixes: two steps of sqrt(2) turn q into -q",
    source="Neal 2011, section 5.3.2.2",
)
def hamiltonian_resonance() -> Outcome:
    """An invariant target is not enough to reach it: at h = sqrt(2), L = 2 the chain only flips.

    On N(0, 1) the leapfrog's matrix has the trace 2 - h^2 = 0, so a step is a quarter turn. Two
    steps are half a turn, from (q, p) to (-q, -p), which keeps the energy. So every trajectory is
    accepted, and q^2 keeps its initial value, .25 here instead of 1. Varying L or the step mends
    this: the last measured value is the variance with 20 trajectories of one step and 2
    trajectories of two steps in turn, which is 1 again.
    """
    h, rng = np.sqrt(2), np.random.default_rng(0)
    stuck = hamiltonian.hmc(_standard_normal, [0.5], 200, step=h, n_leapfrog=2, rng=rng)
    pieces = [np.array([[0.5]])]
    for i in range(600):
        start, length, n = pieces[-1][-1], 1 + i % 2, (20, 2)[i % 2]
        chain = hamiltonian.hmc(_standard_normal, start, n, step=h, n_leapfrog=length, rng=rng)
        pieces.append(chain.samples)
    mixed = np.concatenate(pieces)[:, 0]

    def draw(ax: Any) -> None:
        ax.plot(mixed[:200], ".-", lw=0.5, color="0.6", label="1 or 2 steps in turn")
        ax.plot(stuck.samples[:, 0], "k.", label="2 steps: a half turn")
        ax.set(xlabel="trajectory", ylabel="position")
        ax.legend()

    return Outcome(
        exact=[0.25, 0.25, 1, 1],
        measured=[
            np.min(stuck.samples**2),
            np.max(stuck.samples**2),
            stuck.acceptance_rate,
            np.mean(mixed**2),
        ],
        tolerance=[1e-10, 1e-10, 0, 5 * standard_error(mixed**2)],
        because="rounding of 400 steps; five standard errors by batches",
        draw=draw,
    )


def _standard_normal(z: Array) -> tuple[Array, Array]:
    return -0.5 * np.sum(z**2, axis=1), -z


def _logistic(z: Array) -> tuple[Array, Array]:
    return -np.sum(z + 2 * np.log1p(np.exp(-z)), axis=1), -np.tanh(z / 2)


def _path(target: Any, z: Array, momentum: Array, step: float, n: int) -> tuple[Array, Array]:
    """Return positions and momenta at every step, each (n + 1, batch, n_dims)."""
    points = [(z, momentum)]
    for _ in range(n):
        z, momentum, _ = hamiltonian.leapfrog(target, z, momentum, step=step, n_leapfrog=1)
        points.append((z, momentum))
    q, p = map(np.array, zip(*points, strict=True))
    return q, p


def _energy_error(target: Any, z: Array, momentum: Array, step: float, n: int) -> Array:
    q, p = _path(target, z, momentum, step, n)
    energy = np.sum(p**2, axis=(1, 2)) / 2 - np.array([target(z)[0][0] for z in q])
    return energy - energy[0]


def _without_accepting(step: float, n_chains: int) -> Array:
    """Return the positions of many chains after many trajectories, all of them accepted."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((n_chains, 1))
    for _ in range(100):
        momentum = rng.standard_normal(z.shape)
        z, _, _ = hamiltonian.leapfrog(_standard_normal, z, momentum, step=step, n_leapfrog=2)
    return z
