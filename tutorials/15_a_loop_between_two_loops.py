"""Backprop through time, and a loop between two loops.

The question: how does a network learn from a sequence, and what lies between two melodies?

You need: tutorials 01, 02, 06 and 07. It runs in half a minute.

At the end you will have seen one step of a GRU forward and back with numbers for paper, a gradient
that vanishes at the rate of its gate and one that explodes at the rate of an eigenvalue; and a VAE
that writes melodies, whose bound stands beside the entropy of their source.
"""

import os
from itertools import pairwise

import numpy as np

import minivae as mv
from minivae.course import one_thread, show
from minivae.datasets import loop_entropy, loop_log_prob, loops, n_distinct_loops
from minivae.music import moves
from minivae.music.pictures import rolls
from minivae.music.recipe import fit_options
from minivae.plots import new_axes
from minivae.plots.style import COLORS, LINES, finish
from minivae.training.clipping import clip_by_norm

QUICK = bool(os.environ.get("MINIVAE_QUICK"))
one_thread()  # a second one would wait for a core that another program uses

# %% A network with a state
# A melody is a sequence, and sequences have no fixed length. A recurrent network reads one token at
# a time, with the same weights at every step, and keeps what it needs in a state h. The gated
# recurrent unit (Cho et al., 2014) makes a proposal n for the new state, and blends it with the
# old:
#
#     r  = s(x W_xr + h W_hr)            how much of the past the proposal may see
#     u  = s(x W_xu + h W_hu)            how much of the old state stays
#     n  = tanh(x W_xn + r (h W_hn))     the proposal
#     h' = (1 - u) n + u h               the blend
#
# s is the sigmoid; biases are left out here. Take one number each, x = 0.8, h = 0.4, W_xn = W_hn
# = 1, and all other weights zero. Both gates are then s(0) = 1/2, and on paper:
#
#     n  = tanh(0.8 + 0.5 * 0.4) = tanh(1) = 0.7616
#     h' = 0.5 * 0.7616 + 0.5 * 0.4 = 0.5808

x, h = np.array([[[0.8]]]), np.array([[0.4]])  # (batch, steps, n_in), (batch, n_hidden)
gru = mv.GRU(1, 1)
for value in gru.params.values():
    value[...] = 0
gru.params["W_x"][0, 2] = gru.params["W_h"][0, 2] = 1  # columns: r, u, n
n = np.tanh(1.0)
after = gru.forward(x, h)[0, 0, 0]
print(f"n = {n:.4f}, h' = {after:.4f}")  # n = 0.7616, h' = 0.5808
assert abs(after - (0.5 * n + 0.5 * 0.4)) < 1e-15

# %% One step back
# Let dh' = 1. The chain rule, from the blend backwards; da_n is the gradient at tanh's argument:
#
#     dn   = (1 - u) dh'             = 0.5
#     du   = (h - n) dh'             = 0.4 - 0.7616        = -0.3616
#     da_n = dn (1 - n^2)            = 0.5 * 0.4200        =  0.2100
#     dr   = da_n (h W_hn)           = 0.2100 * 0.4        =  0.0840
#     da_r = dr r (1 - r)            = 0.0840 * 0.25       =  0.0210
#     da_u = du u (1 - u)            = -0.3616 * 0.25      = -0.0904
#
# The old state is reached along two ways here: u dh' = 0.5 through the blend, and through the
# proposal da_n *times r*, because r stands before h W_hn: 0.5 * 0.2100. So dh = 0.6050. Leaving
# that r out is the classic mistake; the other is to forget what dr is multiplied with.

gru.backward(np.ones((1, 1, 1)))
da_n = 0.5 * (1 - n**2)
da = gru.grads["b_x"]  # what a bias receives is da itself
print(f"da_r, da_u, da_n = {da.round(4)}, dh = {gru.dh0[0, 0]:.4f}")
assert np.allclose(da, [da_n * 0.4 * 0.25, (0.4 - n) * 0.25, da_n], rtol=1e-12)
assert abs(gru.dh0[0, 0] - (0.5 + 0.5 * da_n)) < 1e-15

# %% Through time
# Every state is used twice: it is an output, and the next step starts from it. A thing that is used
# twice gets the sum of two gradients (tutorial 01). So walk the steps from last to first: at each
# one dh = dy_t + what step t + 1 has returned. The weights are used at every step, and collect a
# sum over all of them. That is all of "backprop through time"; a check by complex steps covers it.

gru = mv.GRU(3, 4, rng=0)
sequence = np.random.default_rng(1).normal(size=(2, 6, 3))  # 2 rows of 6 steps
report = mv.check_gradients(gru, sequence, method="complex")
print(report)
assert report.ok

# %% Where gradients vanish
# ? The update gate is held at 0.5. What is left of a gradient after 20 steps?
# Hold the update gate at u, by its bias, and let the proposal be zero: h_T = u^T h_0. A gradient on
# its way back is multiplied by u at every step. With u = 0.5 a millionth is left after 20 steps,
# with u = 0.99 more than half after 60. That is what the gate is for: it can be *learned* to stay
# open, where the plain recurrence h' = tanh(x W_x + h W_h) has nothing to open.


def gradient_of_the_start(u, n_steps):
    """Return dh_T / dh_0 of a gate held at u, by backprop through time."""
    held = mv.GRU(1, 1)
    for value in held.params.values():
        value[...] = 0
    held.params["b_h"][1] = np.log(u / (1 - u))
    dy = np.zeros((1, n_steps, 1))
    dy[0, -1] = 1
    held.forward(np.zeros((1, n_steps, 1)), np.ones((1, 1)))
    held.backward(dy)
    return held.dh0[0, 0]


lengths = np.arange(1, 61)
ax = new_axes()
for i, u in enumerate((0.5, 0.9, 0.99)):
    gradients = [gradient_of_the_start(u, T) for T in lengths]
    assert np.allclose(gradients, u**lengths, rtol=1e-12)
    ax.semilogy(lengths, gradients, LINES[i], color=COLORS[i], label=f"gate held at {u:g}")
ax.set_ylim(1e-8, 2)
finish(ax, "steps", "gradient of the first state")
show(ax.figure, "15_vanishing")

# %% Where they explode
# With many units the factor is a matrix J, the Jacobian of one step. A product of T of them grows
# like the T-th power of J's largest eigenvalue, whatever its norm is (Pascanu et al., 2013). At
# rest, h = 0, a GRU has J = u I + (1 - u) r W_hn. Scale a random W_hn so that this eigenvalue is
# 1.1: each step multiplies by 1.1 in the end, though the first ones do as they like.


def norms(radius, n_steps, n=6):
    """Return the norm of the product of 1 to n_steps Jacobians of a GRU at rest."""
    rest = mv.GRU(n, n)
    for value in rest.params.values():
        value[...] = 0
    W = np.random.default_rng(0).normal(size=(n, n))
    J = radius * W / np.abs(np.linalg.eigvals(W)).max()
    rest.params["W_h"][:, 2 * n :] = (J - 0.5 * np.eye(n)) / 0.25  # u = r = 1/2
    lengths, result = range(1, n_steps + 1), []
    for T in lengths:
        dy = np.zeros((n, T, n))
        dy[:, -1] = np.eye(n)
        rest.forward(np.zeros((n, T, n)))
        rest.backward(dy)
        result.append(np.linalg.norm(rest.dh0, 2))
    return np.array(result)


ax = new_axes()
for i, radius in enumerate((0.9, 1.1)):
    each = norms(radius, 60)
    ax.semilogy(each, LINES[i], color=COLORS[i], label=f"largest eigenvalue {radius:g}")
    print(
        f"{radius}: growth over the last 20 steps {(each[-1] / each[-21]) ** (1 / 20):.4f} a step"
    )
    assert abs((each[-1] / each[-21]) ** (1 / 20) - radius) < 0.05
finish(ax, "steps", "norm of the product of Jacobians")
show(ax.figure, "15_exploding")

# %% Clipping
# What vanishes is lost. What explodes can be cut: where all gradients together are longer than a
# limit, shorten them, and keep their direction. `fit(..., clip_norm=20)` does it.

grads = {"W": np.array([[30.0, 0.0]]), "b": np.array([40.0])}
before = clip_by_norm(grads, 20.0)
print(before, grads)  # 50.0, and both are two fifths of what they were
assert before == 50
assert np.allclose(grads["W"], [[12, 0]])
assert np.allclose(grads["b"], 16)

# %% Melodies with a known law
# A loop has two bars of 16 sixteenths, a token for each: 0 rests, 1 holds what sounds, 2 to 38
# start a note. Seven factors set its law: scale, register, contour, density, syncopation, whether
# bar 2 repeats bar 1, and whether notes are held. So p(x) is known, and with it the entropy: what
# no model can get below. There are 4e24 loops, so nobody can learn them by heart.

data = loops(500 if QUICK else 12_000, rng=0)
test = loops(400 if QUICK else 2000, rng=1)
entropy = loop_entropy(2000, rng=2)
print(f"{n_distinct_loops():.1e} loops; entropy {entropy.value:.1f} nats")
assert abs(entropy.value - 25.67) < 5 * entropy.standard_error

# %% What counting costs
# Uniform tokens cost 32 ln 39 = 117 nats. Counting how often each token comes, and how often it
# comes after each other one, is cheap, and a sceptic would do it first.


def cost_of_pairs(train, rows):
    """Return nats per loop by the counts of tokens after tokens; 39 stands for the start."""
    counts = np.ones((40, 39))
    for row in train:
        for a, b in pairwise([39, *row]):
            counts[a, b] += 1
    log_p = np.log(counts / counts.sum(axis=1, keepdims=True))
    return -np.mean([sum(log_p[a, b] for a, b in pairwise([39, *row])) for row in rows])


share = np.bincount(data.tokens.ravel(), minlength=39) + 1
single = -np.log(share / share.sum())[test.tokens].sum(axis=1).mean()
pairs = cost_of_pairs(data.tokens[:3000], test.tokens)
print(f"uniform {32 * np.log(39):.1f}, single tokens {single:.1f}, pairs {pairs:.1f} nats")
assert entropy.value < pairs < single < 32 * np.log(39)

# %% A VAE that writes
# The encoder reads a loop both ways. The decoder writes it token by token: each step sees the token
# before, the one a bar before, and what the code z says. In training the tokens before are the true
# ones, "teacher forcing". That is no trick: log p(x | z) = sum_t log p(x_t | x_before, z) is the
# chain rule of probability, exact, as long as no step sees itself. The KL's weight grows slowly, so
# that the code is in use before the decoder can do without it (tutorial 09).

model = mv.MelodyVAE(16, n_hidden=24 if QUICK else 64, n_context=24, dtype=np.float32, rng=0)
model.fit(data.tokens, rng=0, **fit_options(len(data.tokens), 3 if QUICK else 6))
bound = model.elbo(test.tokens, rng=0)
nats = -bound.elbo
print(f"VAE {nats.mean():.1f} nats, of which the code costs {bound.kl.mean():.1f}")
print(f"bar 2 repeats {nats[test.factors['repetition'] == 0].mean():.1f}, ", end="")
print(f"is new {nats[test.factors['repetition'] == 2].mean():.1f}")
assert entropy.value < nats.mean() < 32 * np.log(39)
assert QUICK or nats.mean() < pairs

# %% A loop between two loops
# ? The code half way between two melodies is decoded. Will the result be a melody?
# Encode two loops, walk from one code to the other in a straight line, and decode greedily. The
# model has never seen what lies between; yet most of it are loops of the source (p(x) > 0), in one
# scale and one register. Mixing the tokens themselves, by a coin for each, gives almost none.

way = moves.interpolate(model, test.tokens[0], test.tokens[1], 5)
show(rolls(way, [f"{t:.0%} of the way" for t in np.linspace(0, 1, 5)]), "15_a_way")

a, b = test.tokens[:100], test.tokens[100:200]
coin = np.random.default_rng(0)
mixed = [moves.blend(x, y, 0.5, "coin", coin) for x, y in zip(a, b, strict=True)]
halfway = model.decode(mv.lerp(model.transform(a), model.transform(b), 0.5))
valid, blended = (np.mean(np.isfinite(loop_log_prob(each))) for each in (halfway, mixed))
print(f"valid half way: {valid:.2f} by codes, {blended:.2f} by a coin for each token")
assert blended < 0.15
assert QUICK or valid > 2 * blended

# %% What carries over
# A text, a gesture or a DNA strand is read and written in the same way; larger models replace the
# state by attention, which looks at all steps before at once, and so has no product of Jacobians to
# vanish. The bound, the chain rule and what a code is good for remain.

# %% Exercises
# In tutorials/exercises/15_a_loop_between_two_loops.py, three functions to fill in:
#
# 1. gru_step: one step of a GRU with all its weights.
# 2. gru_step_backward: the gradients with respect to its input and to the state before it.
# 3. teacher_forcing: what the decoder sees at each step, for known tokens.
#
# Then ask: python -m minivae check tutorials/exercises/15_a_loop_between_two_loops.py
