"""Bayes, the evidence and the ELBO: exact, by sampling, and by a bound.

The question: what can you do with Bayes' rule when nobody can solve its integral?

You need: densities, conditional probability, the normal distribution. It runs in ten seconds.

At the end you will have found two posteriors on paper and one by a random walk. You will know the
bound that turns inference into optimisation, which Gaussian it picks, what that costs, and why an
encoder is the next step. A VAE needs all of this, and networks.
"""

import os

import numpy as np
from scipy import stats
from scipy.special import logsumexp

from minivae.bayes import (
    BetaBernoulli,
    LinearGaussianModel,
    NormalKnownVariance,
    fit_mean_field,
    gaussian_mean_field,
    inference_gaps,
    metropolis,
    plug_in_coverage,
    plug_in_interval,
)
from minivae.course import show
from minivae.plots import chain_trace, new_axes
from minivae.plots.style import COLORS, LINES, finish

QUICK = bool(os.environ.get("MINIVAE_QUICK"))

# %% A coin
# Bayes' rule turns what we believe about an unknown z before the data into what we believe after
# them:
#
#     p(z | x) = p(x | z) p(z) / p(x)            posterior = likelihood * prior / evidence
#
# The evidence p(x) is the sum, or the integral, of the numerator over all z. It makes the posterior
# a density, and it says how probable the data were in the first place. Let z be a coin's
# probability of a one, its prior Beta(2, 2), proportional to z (1 - z), and the data five ones in
# seven tosses:
#
#     p(x | z) p(z) = z^5 (1 - z)^2 * 6 z (1 - z) = 6 z^6 (1 - z)^3
#
# (The integral of z^a (1 - z)^b is a! b! / (a + b + 1)!, which is 1/6 for the prior: hence the 6.)
# The product has the form of a Beta(7, 4), so the posterior is Beta(7, 4). The integral of the
# product is the evidence, 6 * 6! 3! / 10! = 1/140.

coins = [1, 1, 0, 1, 0, 1, 1]
prior = BetaBernoulli(2, 2)
posterior = prior.update(coins)
evidence = np.exp(prior.log_evidence(coins))
z = np.linspace(0.0005, 0.9995, 1000)  # the middles of 1000 cells
joint = 6 * z**6 * (1 - z) ** 3
print(f"Beta({posterior.a}, {posterior.b}), evidence 1/{1 / evidence:.2f}")  # 1/140.00
print(f"the integral as a sum: 1/{1 / joint.mean():.2f}")
assert (posterior.a, posterior.b) == (7, 4)
assert abs(evidence - 1 / 140) < 1e-12
assert abs(joint.mean() - evidence) < 1e-6

# %% The evidence, toss by toss
# ? Seven tosses are predicted one after the other, each from those before it. What is the product
# ? of the predictions?
# Predict each toss with the posterior of the tosses before it: after them z ~ Beta(a, b), so a one
# has the probability a / (a + b). The product of these predictions is the evidence. On paper, for 1
# 1 0 1 0 1 1:
#
#     2/4 * 3/5 * 2/6 * 4/7 * 3/8 * 5/9 * 6/10 = 1/140
#
# So the evidence judges a model by how well it *predicts*, one datum after the other.

belief, product = prior, 1.0
for toss in coins:
    product *= belief.predictive().pmf(toss)
    belief = belief.update([toss])
print(f"product of the predictions: 1/{1 / product:.2f}")  # 1/140.00
assert abs(product - evidence) < 1e-12

# %% A code of one number
# Every VAE begins with this model: a code z ~ N(0, 1), and data x = z + noise of variance 1/2.
# Prior times likelihood is the exponential of a quadratic in z, so the posterior is normal. Its
# precision, 1 / variance, is the sum of both precisions, 1 + 2 = 3. Its mean is the average of 0
# and x, weighted by the precisions. For x = 1.5:
#
#     p(z | x) = N(2 * 1.5 / 3, 1/3) = N(1, 1/3)            p(x) = N(x; 0, 1 + 1/2)

code = NormalKnownVariance(0, 1, noise_variance=0.5)
after = code.update([1.5])
print(f"posterior N({after.mean:.3f}, {after.variance:.3f})")  # N(1.000, 0.333)
print(f"log evidence {code.log_evidence([1.5]):.4f}")  # -1.8717
assert np.allclose([after.mean, after.variance], [1, 1 / 3])
assert abs(code.log_evidence([1.5]) - stats.norm(0, np.sqrt(1.5)).logpdf(1.5)) < 1e-12

# %% Without a posterior
# Why not take the best guess for z, and act as if the guess were the truth? Because the guess is
# uncertain too. Take five numbers from a normal distribution, and the interval mean +- 1.96
# standard deviations (with the divisor n - 1). The interval claims to hold the next number in 95 of
# 100 cases. You should see 0.85. A lecture calls such a prediction "low quality": this is how low.
# (The Bayesian interval, from a Student's t, has 0.95: `python -m minivae prove
# t-interval-coverage`.)

n_sets = 5_000 if QUICK else 50_000
samples = np.random.default_rng(0).normal(3, 2, size=(n_sets, 6))
low, high = plug_in_interval(samples[:, :5])
held = np.mean((low < samples[:, 5]) & (samples[:, 5] < high))
exact = plug_in_coverage(5)
print(f"held {held:.3f}, exact {exact:.3f}")
assert abs(held - exact) < 5 * np.sqrt(exact * (1 - exact) / n_sets)

# %% Where paper ends
# Now the decoder bends: x = (z + 0.3)^2 + noise of variance 1/4, and we observe x = 1.5. Two codes
# explain it, one positive and one negative. The joint density log p(x, z) is easy to write for
# every z, but no formula gives the evidence, its integral. In one dimension a sum over a fine grid
# gives it. In twenty dimensions a grid with 100 points a side has 1e40 points: this is the problem.


def log_joint(z):
    """Return log p(x, z) at the rows of z, for x = 1.5."""
    log_likelihood = stats.norm.logpdf(1.5, (z + 0.3) ** 2, 0.5)
    return (stats.norm.logpdf(z) + log_likelihood)[:, 0]


grid = np.linspace(-6, 6, 6001)
cell = grid[1] - grid[0]
log_p_joint = log_joint(grid[:, None])
log_evidence = logsumexp(log_p_joint) + np.log(cell)
p = np.exp(log_p_joint - log_evidence)  # the posterior's density on the grid
mean_z, mean_z2 = np.sum(p * grid) * cell, np.sum(p * grid**2) * cell
print(f"log evidence {log_evidence:.4f}, E z = {mean_z:.3f}, E z^2 = {mean_z2:.3f}")

# %% A random walk
# Metropolis needs only the joint density, because the evidence cancels in a ratio of two densities.
# Propose a step, as likely forward as back. Take it with probability min(1, p(x, new) / p(x, old)).
# Otherwise stay, and count the old place again. After many steps the places are draws from the
# posterior. They are not independent: the chain estimates how many independent draws they are
# worth, here one in fifteen.

chain = metropolis(log_joint, [1.0], 4_000 if QUICK else 40_000, step=1.5, rng=1)
draws = chain.samples[:, 0]
worth = chain.effective_sample_size()[0]
error = draws.std() / np.sqrt(worth)
print(f"accepted {chain.acceptance_rate:.2f}; {len(draws)} draws are worth {worth:.0f}")
print(f"E z = {draws.mean():.3f} +- {error:.3f}, exact {mean_z:.3f}")
assert abs(draws.mean() - mean_z) < 5 * error
assert len(draws) > 2 * worth
show(chain_trace(draws[:1000]), "06_chain")

# %% The price of a random walk
# Every image needs a chain of thousands of steps, and each step is a pass through the decoder. In
# the end there is still no evidence, because it cancelled. The integral is the average of p(x | z)
# over draws of the *prior*, but in many dimensions no draw comes near the posterior. Below, 20
# codes and x = z + noise of variance 0.01 have a known answer, -26 nats. The average of 100,000
# draws misses it by over a hundred nats: this is the curse of dimensionality.

many = LinearGaussianModel(np.eye(20), 0.01)
rng = np.random.default_rng(2)
x20 = rng.normal(0, np.sqrt(1.01), size=(1, 20))
prior_draws = rng.normal(size=(100_000, 20))
log_likelihood = -np.sum((x20 - prior_draws) ** 2, axis=1) / 0.02 - 10 * np.log(2 * np.pi * 0.01)
estimate = logsumexp(log_likelihood) - np.log(len(prior_draws))
print(f"log p(x): estimate {estimate:.0f}, exact {many.log_marginal(x20)[0]:.0f}")
assert estimate < many.log_marginal(x20)[0] - 100

# %% The bound
# Take any density q(z), and its Kullback-Leibler divergence from the posterior. Insert Bayes' rule.
# The evidence comes out of the average, because it does not depend on z:
#
#     KL(q || p(z | x)) = E_q[ log q(z) - log p(z | x) ]
#                       = E_q[ log q(z) - log p(x, z) ] + log p(x)
#
#     log p(x) = ELBO + KL(q || p(z | x)),            ELBO = E_q[ log p(x, z) - log q(z) ]
#
# A KL is never negative: log t <= t - 1, so -KL = E_q log(p/q) <= E_q[p/q] - 1 = 0. So the ELBO is
# a lower bound of the log evidence, and it needs only the joint. Since log p(x) is fixed, raising
# the ELBO *is* lowering the KL. Try three normal q, with the ELBO averaged over draws of q, and the
# KL on the grid. The sum must be log p(x) = -1.7147 each time, up to the error that is printed.


def elbo_by_draws(mu, sigma):
    """Return the ELBO of N(mu, sigma^2), and its standard error."""
    z = np.random.default_rng(4).normal(mu, sigma, size=(100_000, 1))
    log_ratio = log_joint(z) - stats.norm(mu, sigma).logpdf(z[:, 0])
    return log_ratio.mean(), log_ratio.std() / np.sqrt(len(z))


def kl_on_grid(mu, sigma):
    log_q = stats.norm(mu, sigma).logpdf(grid)
    return np.sum(np.exp(log_q) * (log_q - (log_p_joint - log_evidence))) * cell


for mu, sigma in ((0.0, 1.0), (0.5, 0.5), (0.9, 0.2)):
    (elbo, error), kl = elbo_by_draws(mu, sigma), kl_on_grid(mu, sigma)
    print(f"N({mu}, {sigma}^2): ELBO {elbo:.3f} + KL {kl:.3f} = {elbo + kl:.3f} +- {error:.3f}")
    assert abs(elbo + kl - log_evidence) < 5 * error
    assert kl > 0

# %% Three slips on slides
# One lecture sets q* = max KL[q || p(z, x)]. It should maximise minus this KL, because the KL
# itself grows without end as q runs away: you should see 2 nats at N(0.9, 0.2^2), and about 23,200
# at N(10, 1). (This KL is minus the ELBO. It may even be negative, because the joint does not
# integrate to 1.) Another lecture prints the ELBO as E_q log[ q(z) / (p(z) p(x | z)) ]: the ratio
# is upside down. A third calls KL(p || q) the "reverse" KL, and goes on with KL(q || p). The name
# belongs to the second, which the ELBO lowers.

near, far = -elbo_by_draws(0.9, 0.2)[0], -elbo_by_draws(10, 1)[0]
print(f"KL[q || p(z, x)]: {near:.1f} at N(0.9, 0.2^2), {far:.0f} at N(10, 1)")
assert far > 1000 > near

# %% The best Gaussian
# So inference becomes optimisation: raise the ELBO over mu and log_var of q = N(mu, e^log_var).
# `fit_mean_field` does this with z = mu + sigma eps and the gradient through z (tutorial 07).
#
# The posterior has two humps, but q has only one. KL(q || p) is an average over q, and punishes q
# where p is small, between the humps. So q settles on one hump: on the right one, from its start at
# N(0, 1). The left hump is an optimum too, with a lower ELBO. Between the humps the ELBO is nearly
# flat, and the luck of 500 draws, even of 2000, can create a false optimum there. Try rng=2: an
# assert fails. KL(p || q) averages over p, and punishes q where p is large and q is small. Its best
# normal has p's mean and variance, and covers both humps.


def log_joint_and_gradient(z):
    slope = 2 * (z + 0.3) * (1.5 - (z + 0.3) ** 2) / 0.25
    return log_joint(z), slope - z


fit = fit_mean_field(log_joint_and_gradient, 1, n_draws=500, rng=0)
mu, sigma = fit.mu[0], np.exp(fit.log_var[0] / 2)
elbo, kl = elbo_by_draws(mu, sigma)[0], kl_on_grid(mu, sigma)
other = stats.norm(mean_z, np.sqrt(mean_z2 - mean_z**2))
share = np.sum(p[grid > -0.3]) * cell
print(f"reverse: N({mu:.2f}, {sigma:.2f}^2), ELBO {elbo:.3f}, misses {kl:.3f} nats")
print(
    f"forward: N({other.mean():.2f}, {other.std():.2f}^2); right hump {share:.2f} of the posterior"
)
print(f"the left hump: N(-1.39, 0.23^2), ELBO {elbo_by_draws(-1.39, 0.23)[0]:.3f}")  # -2.837
assert kl > -np.log(share) - 0.01  # the cost of seeing only one hump
assert kl < kl_on_grid(other.mean(), other.std())
assert sigma < other.std() / 2

ax = new_axes()
ax.fill_between(grid, p, color="0.85", label="posterior")
ax.hist(draws, 40, density=True, histtype="step", color=COLORS[2], label="Metropolis")
curves = {"reverse KL(q || p): the ELBO's": stats.norm(mu, sigma), "forward KL(p || q)": other}
for i, (name, density) in enumerate(curves.items()):
    ax.plot(grid, density.pdf(grid), color=COLORS[i], ls=LINES[i], label=name)
ax.set(xlim=(-3.2, 3.2))
finish(ax, "code z", "density")
show(ax.figure, "06_two_gaussians")

# %% Independence costs too
# ? A posterior has variances 1 and the correlation 0.8. Which variances has the best q without
# ? correlation: 1, more, or less?
# The q of a VAE has no correlations. If the posterior is a normal in two dimensions, with variances
# 1 and correlation rho, the best q has the right means. But its variances are too small, 1 /
# precision_ii = 1 - rho^2, and it misses -1/2 log(1 - rho^2): 0.51 nats at rho = 0.8.

precision = np.linalg.inv([[1, 0.8], [0.8, 1]])
_, variances, gap = gaussian_mean_field([0, 0], precision)
print(f"variances {variances.round(2)}, gap {gap:.3f} nats")  # [0.36 0.36], 0.511
assert np.allclose(variances, 1 - 0.8**2)
assert abs(gap + 0.5 * np.log(1 - 0.8**2)) < 1e-12

# %% One q for each image, or one encoder for all
# Fitting mu and log_var anew for every x is expensive. A VAE learns a function of x that returns
# them at once, the encoder: inference is *amortised*. The encoder may be wrong for some x, which
# adds a second gap:
#
#     log p(x) - ELBO = approximation gap (the best q of its kind) + amortisation gap (this encoder)
#
# In a linear model everything is known. Its posterior here is correlated, so the first gap is
# positive, and equal for every x. The encoder shrinks the right means, x @ right_means, by a fifth,
# so the second gap grows with their square.

model = LinearGaussianModel(np.array([[1.0, 1, 0], [0.5, 1, 0.5]]), 0.5)
right_means, precision = model.posterior()
x = np.random.default_rng(3).normal(0, 1.5, size=(6, 3))
mu = 0.8 * x @ right_means
log_var = np.tile(-np.log(np.diag(precision)), (6, 1))
gaps = inference_gaps(model, x, mu, log_var)
missed = model.log_marginal(x) - model.elbo(x, mu, log_var)
print(f"approximation {gaps.approximation.round(3)}")
print(f"amortisation  {gaps.amortization.round(3)}")
assert np.allclose(gaps.approximation + gaps.amortization, missed)
refit = [fit_mean_field(model.log_joint(row), 2, rng=0).elbo for row in x]
assert np.allclose(model.log_marginal(x) - refit, gaps.approximation, atol=1e-8)

ax = new_axes()
ax.bar(range(6), gaps.approximation, color=COLORS[0], label="approximation: independent codes")
top = ax.bar(range(6), gaps.amortization, bottom=gaps.approximation, color=COLORS[1], hatch="//")
top.set_label("amortisation: this encoder")
ax.set(ylim=(0, 1))
finish(ax, "example x", "log p(x) - ELBO (nats)")
show(ax.figure, "06_gaps")

# %% What a VAE adds
# Split the joint, log p(x, z) = log p(x | z) + log p(z). Then the ELBO is minus the loss of a VAE:
#
#     ELBO = E_q[ log p(x | z) ] - KL(q(z | x) || p(z))
#
# The first term asks for good reconstructions, and the second keeps the codes near the prior.
# Raising the ELBO over q is inference, as in this tutorial. Raising it over the decoder as well is
# learning: then log p(x) itself goes up, or the gap goes down. One piece is missing, the gradient
# through z: tutorial 07.

# %% Exercises
# Fill in three functions in tutorials/exercises/06_bayes_and_the_elbo.py:
#
# 1. coin_posterior: the posterior of a coin, and its log evidence.
# 2. metropolis_step: accept or stay, for many chains at once.
# 3. elbo: the ELBO of a linear decoder, in closed form.
#
# Then ask: python -m minivae check tutorials/exercises/06_bayes_and_the_elbo.py
