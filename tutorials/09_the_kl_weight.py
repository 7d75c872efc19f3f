"""The KL weight: three regimes, collapse, and what a nat of code buys.

The question: the loss of a VAE has two terms. Which weight between them is right, and what happens
with a wrong one?

You need: tutorial 08, tutorial 04 for eigenvalues, derivatives. It runs in half a minute.

At the end you will have translated a lecture's weight into nats and into pixel noise. You will have
found the level that switches a code off, measured how much error a nat of code removes, and let the
data choose the weight.
"""

import os

import numpy as np
from scipy.optimize import minimize_scalar

import minivae as mv
from minivae import diagnostics
from minivae.course import chosen_data, one_thread, show
from minivae.plots import interpolation, kl_per_dimension, latent_scatter, rate_distortion
from minivae.plots.figures import axes_in_a_row

QUICK = bool(os.environ.get("MINIVAE_QUICK"))
DATA = chosen_data("digits")
N_IMAGES, EPOCHS = (1000, 20) if QUICK else (2000, 60)
D = 784  # pixels

if DATA == "mnist":
    images, labels = (array[: N_IMAGES + 500] for array in mv.datasets.mnist())
    images = (images / 255).astype(np.float32)
else:
    images, labels, _ = mv.datasets.digits(N_IMAGES + 500, rng=0)
training, judges, labels = images[:N_IMAGES], images[N_IMAGES:], labels[N_IMAGES:]
one_thread()  # a second one would wait for a core that another program uses

# %% Three weights
# A lecture trains a VAE on MNIST with three weights w on the KL, and shows the codes: 8e-4 is "far
# too high", 5e-5 "appropriate", 1e-8 "far too low". Why these numbers, and what are they in your
# code? They mean nothing without the other term. The lecture does not give it. Most code has
#
#     loss = mean over pixels of (x - x_hat)^2  +  w KL
#
# A VAE with Gaussian pixels of variance s2 and a weight beta on its KL has, for one image,
#
#     loss = |x - x_hat|^2 / (2 s2) + D/2 log(2 pi s2) + beta KL
#
# The mean is |x - x_hat|^2 / D. Multiply the lecture's loss by D / (2 s2), which moves no minimum,
# and compare the factors of the KL:
#
#     beta = w D / (2 s2)              and at beta = 1:              s2 = w D / 2
#
# So w is a beta if you fix s2, or a noise variance if you leave the KL as it is. The unit of sigma
# is ink from 0 to 1: the third sigma is finer than one of 255 steps of grey, 0.0039.

WEIGHTS = np.array([8e-4, 5e-5, 1e-8])
variances = WEIGHTS * D / 2
for w, s2 in zip(WEIGHTS, variances, strict=True):
    print(f"w = {w:.0e}: beta {w * D / 2:.3g} for s2 = 1; s2 {s2:.3g}, sigma {s2**0.5:.3g} at 1")
assert np.allclose(variances, [0.3136, 0.0196, 3.92e-6])
assert np.sqrt(variances[2]) < 1 / 255

# %% The same gradient
# Check the formula. Take two VAEs with the same parameters, one with s2 = 1 and a beta, the other
# with beta = 1 and an s2 (`mv.Gaussian` takes sigma). Multiplied by 2/D and by w, their gradients
# must be those of the lecture's loss. The slope of that loss along a random direction confirms it.

w, s2, rng = WEIGHTS[0], variances[0], np.random.default_rng(0)
with_beta = mv.VAE(D, 2, hidden=(16,), likelihood=mv.Gaussian(1.0), beta=s2, rng=0)
with_variance = mv.VAE(D, 2, hidden=(16,), likelihood=mv.Gaussian(np.sqrt(s2)), rng=0)
x, eps = judges[:20], rng.normal(size=(20, 2))


def lecture_loss(vae):
    mu, log_var = vae.encode(x)
    x_hat = vae.decode(mv.reparameterize(mu, log_var, eps))
    return np.mean((x - x_hat) ** 2) + w * np.mean(mv.gaussian_kl(mu, log_var))


_, a = with_beta.loss_and_grads(x, eps=eps)
_, b = with_variance.loss_and_grads(x, eps=eps)
assert all(np.allclose(a[name] * 2 / D, b[name] * w, rtol=1e-9, atol=1e-15) for name in a)

direction = {name: rng.normal(size=g.shape) for name, g in b.items()}
ends = []
for step in (1e-6, -2e-6):  # to +1e-6, then back to -1e-6
    for name, parameter in with_beta.params.items():
        parameter += step * direction[name]
    ends.append(lecture_loss(with_beta))
slope = (ends[0] - ends[1]) / 2e-6
expected = w * sum(np.sum(g * direction[name]) for name, g in b.items())
print(f"slope of the lecture's loss {slope:.8f}, from the VAE's gradient {expected:.8f}")
assert abs(slope / expected - 1) < 1e-4

# %% What one number should cost
# ? x has the variance 1. A code of R nats leaves an error of e^(-2R), and each nat costs t. From
# ? which t on is R = 0 best?
# When does a VAE not use a code? Take a single number x, normal with variance lam. Without a code
# the best guess is the mean, and the error is lam. With a code, x is normal with some variance v,
# the error left. The code told what the entropy, 1/2 log(2 pi e variance), lost on the way:
#
#     R = 1/2 log lam - 1/2 log v = 1/2 log(lam / v)        so        v = lam e^(-2R)
#
# By hand, lam = 4: a bit, R = log 2 = 0.69 nats, leaves 4 e^(-1.39) = 1, and two bits leave 1/4. A
# bit halves the deviation, as the answer to "left or right?" halves a range. No code does better,
# because of all distributions with the error v the normal has the most entropy (Shannon). You
# should see it for the code z = x + noise of variance 4/3. So the loss of a perfect VAE is
#
#     lam e^(-2R) / (2 s2) + beta R          derivative in R:   -lam e^(-2R) / s2 + beta
#
# The derivative is zero where the error left, lam e^(-2R), is beta s2. Call it t, the water level:
#
#     error = t,  R = 1/2 log(lam / t)       if lam > t
#     error = lam,  R = 0                    if lam <= t: even the first nat does not pay
#
# The second line is posterior collapse. It is no accident of training: it is the minimum. In the
# lecture's scale t = w D / 2, the s2 from above. Below, a search finds the minimum of loss / beta.

lam, noise = 4.0, 4 / 3
nats, left = 0.5 * np.log((lam + noise) / noise), lam * noise / (lam + noise)
print(
    f"a code of {nats:.4f} nats leaves {left:.4f} of {lam:g}, the bound {lam * np.exp(-2 * nats):g}"
)
assert np.allclose([nats, left], [np.log(2), 1])

for lam, t in ((5.0, 0.3136), (5.0, 6.0)):
    best = minimize_scalar(
        lambda R, lam=lam, t=t: lam * np.exp(-2 * R) / (2 * t) + R, bounds=(0, 20), method="bounded"
    )
    expected = max(0.5 * np.log(lam / t), 0)
    print(f"lam = {lam:g}, t = {t:g}: R = {best.x:.4f}, by formula {expected:.4f}")
    assert abs(best.x - expected) < 1e-4

# %% The levels of the three weights
# Images have an eigenvalue for each direction, and a linear VAE treats each direction on its own
# (tutorial 10 proves it). So count the eigenvalues above the level, and compute the rate of two
# codes. For drawn digits you should see rates of 2.7, 5.5 and 14 nats, and no collapse at any
# weight: the second code would collapse at w = 2 lam_2 / D = 0.010, the first at 2 lam_1 / D =
# 0.014. So the first weight costs detail, not the code. (Hidden layers may keep a code at slightly
# larger weights. If code averages the KL over two codes, as some does, w counts half as much.)

centred = training - training.mean(axis=0, dtype=float)
eigenvalues = np.linalg.eigvalsh(centred.T @ centred / N_IMAGES)[::-1].clip(0)
print(f"variance in all {eigenvalues.sum():.1f}, largest {eigenvalues[:4].round(2)}")
rates = []
for w, t in zip(WEIGHTS, variances, strict=True):
    rate, error = diagnostics.gaussian_rate_distortion(eigenvalues, t, 2)
    rates.append(rate)
    print(f"w = {w:.0e}: {np.sum(eigenvalues > t)} above the level; two codes, {rate:.1f} nats")
first, second = 2 * eigenvalues[:2] / D
print(f"linear codes collapse at w = {second:.2g}, the second, and {first:.2g}, the first")
assert np.allclose(np.diff(rates), [np.log(16), np.log(5000)])

# %% Three VAEs
# Now add hidden layers, with two codes each. The rate is the KL, and the error is |x - x_hat|^2, on
# new images. The rates rise as they should, while the errors are nearly the same: two codes can do
# no more. The weight changes the precision of the codes. At 8e-4 the clouds are wide, about 0.1,
# and together they look like the prior. At 1e-8 they are nearly points: an autoencoder. (By
# tutorial 10 they should be sqrt(80000) = 283 times as narrow; in 60 epochs you see about 25.) At
# the small weights little ties the codes to the prior, and a quarter of its draws lie in holes.


def trained(n_latent, likelihood, beta=1.0, epochs=EPOCHS):
    vae = mv.VAE(
        D, n_latent, hidden=(64,), likelihood=likelihood, beta=beta, dtype=np.float32, rng=0
    )
    return vae.fit(training, epochs=epochs, batch_size=100, optimizer=mv.Adam(3e-3), rng=0)


prior = np.random.default_rng(0).standard_normal((1000, 2))
names = [f"w = {w:.0e}" for w in WEIGHTS]
vaes = {n: trained(2, mv.Gaussian(s2**0.5)) for n, s2 in zip(names, variances, strict=True)}
panels = axes_in_a_row(None, 3, 12.0, 4.4)
table = []
for ax, (name, vae) in zip(panels, vaes.items(), strict=True):
    rate, _, error = diagnostics.rate_distortion(vae, judges, rng=0)
    width = np.exp(vae.encode(judges)[1] / 2).mean()
    codes = vae.sample_posterior(judges, rng=0)
    holes = diagnostics.hole_fraction(prior, codes)
    gap = diagnostics.kl_to_prior(codes.mean(axis=0), np.cov(codes, rowvar=False))
    print(f"{name}: rate {rate:.1f}, error {error:.1f}, width {width:.3f}", end="; ")
    print(f"{gap:.2f} nats from the prior, holes {holes:.2f}")
    table.append([rate, width, gap])
    artists = latent_scatter(codes, labels, ax=ax, prior=True)
    ax.set(title=name, xlim=(-3.6, 3.6), ylim=(-3.6, 3.6))
    if ax is not panels[-1]:
        ax.get_legend().remove()
show(artists, "09_codes_of_three_weights")
rate, width, gap = np.transpose(table)
assert np.all(np.diff(rate) > 0)
assert np.all(np.diff(width) < 0)
assert gap[0] < min(gap[1:])

# %% What the weight says about the pixels
# The pictures in papers are means of p(x | z). Draw x itself, and you see the weight: noise of
# sigma = 0.56 on pixels between 0 and 1 at 8e-4, and at 1e-8 the claim that every pixel is right to
# 0.002. Neither is true. So let the data decide. The loss of one image depends on s2 through
#
#     E / (2 s2) + D/2 log s2        derivative in s2:  -E / (2 s2^2) + D / (2 s2) = 0
#
# with E = |x - x_hat|^2. The best s2 is E / D, the mean squared error of a pixel.
# `Gaussian("learned")` finds it together with all other parameters. Start at the answer of linear
# models, the mean of the eigenvalues that two codes leave out; `ProbabilisticPCA` knows it.

vae = mv.VAE(D, 2, hidden=(64,), likelihood=mv.Gaussian("learned"), dtype=np.float32, rng=0)
linear = mv.ProbabilisticPCA(2).fit(training).noise_variance_
vae.params["likelihood.raw_log_var"][...] = np.log(linear)
vae.fit(training, epochs=EPOCHS, batch_size=100, optimizer=mv.Adam(3e-3), rng=0)
_, log_var = vae.likelihood.mean_and_log_var(np.zeros((1, D)))
learned = float(np.exp(log_var[0]))
E = diagnostics.rate_distortion(vae, training, n_draws=5, rng=0).squared_error
print(f"s2: linear {linear:.4f}, learned {learned:.4f}, E / D {E / D:.4f}")
print(f"as a weight: w = 2 s2 / D = {2 * learned / D:.1e}")
assert abs(learned / (E / D) - 1) < 0.15

# %% Which weight is right?
# A weight that is a variance can be judged by -log p(x) of new images, or by the ELBO, its bound,
# in nats per image. (p(x) is a density, so this may be negative.) The learned weight should win: on
# drawn digits its w is near 1e-4. So 5e-5 is half of it, 8e-4 nearly nine times as large, and 1e-8
# ten thousand times smaller: this is the order of the lecture's verdicts by eye. But 8e-4 is no
# disaster. Its codes fill the prior best, and its error is hardly larger. Its fault is the noise.

vaes["learned"] = vae
bounds = {name: float(-np.mean(vae.elbo(judges, rng=0).elbo)) for name, vae in vaes.items()}
print({name: f"{bound:.3g}" for name, bound in bounds.items()})
assert min(bounds, key=bounds.get) == "learned"
assert WEIGHTS[1] < 2 * learned / D < WEIGHTS[0]
draws = {name: vae.sample(9, np.random.default_rng(4)).clip(0, 1) for name, vae in vaes.items()}
picture = interpolation(draws)
picture.axes.set(xticks=[], xlabel="draws of x, with their pixel noise")
show(picture, "09_draws_of_x")

# %% What a nat buys
# Take ten codes, s2 = 1, and five values of beta, which is the level t. Let R be the rate and Q = E
# / 2 the distortion, in nats; the loss is Q + beta R. If VAE 1 is best for beta_1 and VAE 2 is best
# for beta_2, neither can gain from the other's code:
#
#     Q_1 + beta_1 R_1 <= Q_2 + beta_1 R_2        so   beta_1 <= (Q_2 - Q_1) / (R_1 - R_2)
#     Q_2 + beta_2 R_2 <= Q_1 + beta_2 R_1        so   beta_2 >= (Q_2 - Q_1) / (R_1 - R_2)
#
# for beta_1 < beta_2. The fraction says how much distortion a nat removes: for two neighbours it
# lies between their betas. In the limit the slope of the curve is -beta (Alemi et al., 2018).
# Hidden layers can bend: well trained, they reach points far below the curve of the best linear
# code. (Our VAE at beta = 3 does not: see below.)

betas = np.array([0.1, 0.3, 1.0, 3.0, 10.0])
family = [trained(10, mv.Gaussian(1.0), beta) for beta in betas]
points = np.array([diagnostics.rate_distortion(v, training, n_draws=2, rng=0) for v in family])
R, Q = points[:, 0], points[:, 2] / 2
bought = -np.diff(Q) / np.diff(R)
for i, nats in enumerate(bought):
    print(f"from beta {betas[i]:g}, rate {R[i]:.1f}, to {betas[i + 1]:g}: a nat removes {nats:.2f}")
assert np.all((betas[:-1] < bought) & (bought < betas[1:]))

levels = np.geomspace(0.02, 10, 60)
curve = np.transpose(
    [diagnostics.gaussian_rate_distortion(eigenvalues, level, 10) for level in levels]
)
artists = rate_distortion(
    R,
    Q,
    bound=(curve[0], curve[1] / 2),
    labels=[f"{beta:g}" for beta in betas],
    unit="half the squared error",
)
artists[1].set_label("the best linear code")
artists[0].set_label("VAE, by beta")
artists[0].axes.legend(frameon=False)
show(artists, "09_rate_and_distortion")

# %% Right and wrong collapse
# At beta = 10, far above the largest eigenvalue, no code says anything: every posterior is the
# prior, as it should be. At 3, four eigenvalues are above the level, and a linear code would use
# 0.6 nats, but the network uses less. Is this the optimum? Try another start: take the VAE for beta
# = 1, and train on with beta = 3. To be fair, the one from scratch gets the same additional epochs.
# You should see losses of 23.3 from scratch and 23.0 from the other start. The lower loss means
# that training caused some of the collapse. That is why many people raise beta slowly.


def train_on(vae, beta):
    other = mv.VAE(
        D, 10, hidden=(64,), likelihood=mv.Gaussian(1.0), beta=beta, dtype=np.float32, rng=0
    )
    for name, parameter in other.params.items():
        parameter[...] = vae.params[name]
    return other.fit(training, epochs=EPOCHS, batch_size=100, optimizer=mv.Adam(3e-3), rng=1)


starts = {"from scratch": train_on(family[3], 3.0), "from beta = 1": train_on(family[2], 3.0)}
reached = []
for name, vae in starts.items():
    rate, _, error = diagnostics.rate_distortion(vae, training, n_draws=2, rng=0)
    reached.append(error / 2 + 3 * rate)
    print(f"beta = 3 {name}: rate {rate:.2f}, loss {reached[-1]:.2f}")
assert reached[1] < reached[0]

# %% Code by code
# The KL is a sum over codes, so look at each code. Call a code active if its mean has a variance
# above 0.01 over the images (Burda et al., 2016). At 0.1 all ten are active, with two nats each. At
# 1 there are still ten, though the last ones say next to nothing: a count depends on its threshold.
# At 3 some are left, and at 10 none: the decoder draws the mean image, whose error is the total
# variance.

shown = {"beta = 0.1": family[0], "beta = 1": family[2]}
shown |= {f"beta = 3, {name}": vae for name, vae in starts.items()}
active = []
for ax, (title, vae) in zip(axes_in_a_row(None, 4, 15.0, 3.4), shown.items(), strict=True):
    mu, log_var = diagnostics.posteriors(vae, judges)
    active.append(diagnostics.active_units(mu))
    kl = np.sort(diagnostics.kl_per_dimension(mu, log_var))[::-1]
    drawn = kl_per_dimension(kl, ax=ax)
    ax.set(title=f"{title}: {active[-1]} active", ylim=(0, 3.2))
show(drawn, "09_kl_of_each_code")
silent = diagnostics.active_units(diagnostics.posteriors(family[-1], judges)[0])
print(f"active codes: {active}, and at beta = 10: {silent}")
assert active[0] == 10
assert silent == 0
assert Q[-1] > 0.95 * eigenvalues.sum() / 2

# %% A weight by accident
# ? The cross-entropy is averaged over 784 pixels, and the KL is summed. Which beta is that in
# ? truth?
# The first version of a well-known example averaged the cross-entropy over the pixels, but summed
# the KL. Multiply by 784: this is a VAE with beta = 784. Below, such a VAE runs, its loss falls,
# and its code is empty. The cure is one factor, 784, on the mean. If your KL goes to 0 in the first
# epochs, look at the sums and means before you look for anything deeper.

accident = trained(2, "bernoulli", beta=784.0, epochs=10)
parts = accident.losses(judges, rng=0)
print(f"beta = 784: KL {parts['kl']:.4f}, reconstruction {parts['reconstruction']:.0f} nats")
assert parts["kl"] < 0.05

# %% Exercises
# Fill in three functions in tutorials/exercises/09_the_kl_weight.py:
#
# 1. translate_weight: a lecture's w as a beta and as a variance.
# 2. kl_of_each_code: how many nats each code uses.
# 3. rate_and_error: the water level, for many eigenvalues.
#
# Then ask: python -m minivae check tutorials/exercises/09_the_kl_weight.py
