"""Trust, but verify: gradient checking.

The question: how can you know that a gradient written by hand is right, and what will a check
never tell you?

You need: tutorial 01, Taylor's formula, complex numbers (i^2 = -1). It runs in three seconds.

At the end you will know why a numerical derivative has a best step, and how many digits it gives
there. You will have taken a derivative with all its digits from one complex number, and seen a kink
and a noise that fool the check, and a wrong model that passes the check.
"""

import numpy as np
from scipy.optimize import check_grad

import minivae as mv
from minivae.course import show
from minivae.plots import gradient_errors, new_axes
from minivae.plots.style import COLORS, finish

# %% A derivative from two values
# A derivative is a limit. A computer stops before the limit, at a small step h:
#
#     forward difference    (f(x + h) - f(x)) / h            = f'(x) + h f''(x) / 2 + ...
#     central difference    (f(x + h) - f(x - h)) / (2 h)    = f'(x) + h^2 f'''(x) / 6 + ...
#
# These are Taylor's formulas. In the central difference both sides have the same f'' term, which
# cancels. Try tanh at 0.7, whose derivative 1 - tanh(x)^2 is known. At h = 0.01 you should see
# errors of -3.8e-03 and 2.0e-06. At h = 0.0001 the first is 100 times smaller, the second 10,000
# times.


def forward_difference(f, x, h):
    return (f(x + h) - f(x)) / h


def central_difference(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


exact = 1 - np.tanh(0.7) ** 2  # 0.6347
errors = []
for h in (1e-2, 1e-4):
    forward = forward_difference(np.tanh, 0.7, h) - exact
    central = central_difference(np.tanh, 0.7, h) - exact
    print(f"h = {h:g}: forward off by {forward:.1e}, central by {central:.1e}")
    errors.append([forward, central])
shrinks = np.divide(*errors)
assert np.allclose(shrinks, [100, 10_000], rtol=0.02)

# %% Why not a smaller step?
# ? At h = 1e-4 the central difference has nine right digits. How many has it at h = 1e-13?
# A float64 has 16 digits, so every value of f has a rounding error of about eps = 2.2e-16 times its
# size. The smaller h is, the more digits the two values share. The subtraction removes the shared
# digits and leaves the rounding errors, and the division by h makes them large: the error is about
# eps f / h. At h = 1e-13 about three digits are left; the exact number is a matter of luck.

error = abs(central_difference(np.tanh, 0.7, 1e-13) - exact) / exact
print(f"relative error at h = 1e-13: {error:.0e}")  # near 1e-03
assert error > 1e-5

# %% The V-curve
# The truncation error, h^2 f''' / 6, falls with h. The rounding error, eps f / h, grows as h falls.
# On logarithmic axes their sum is a V with slopes 2 and -1. Its lowest point is where the two
# errors are equal, near
#
#     h = eps^(1/3) = 6e-6, error eps^(2/3) = 4e-11     (forward: h = eps^(1/2), error 1e-8)
#
# So a central difference gives ten or eleven digits, and a forward difference gives eight. A step
# of 1e-8 or 1e-12, "to be precise", gives fewer. In float32 eps is 1.2e-7, and the best step, near
# 3e-3, gives only five digits; below 1e-8, x + h *is* x for nearly every point, and the difference
# is 0. So check in float64. The errors below are root mean squares over 300 points.

points = np.random.default_rng(0).normal(size=300)
slopes = 1 - np.tanh(points) ** 2
steps = 10.0 ** np.arange(-13, -0.5, 0.5)


def error_of(derivative):
    return np.sqrt(np.mean((derivative - slopes) ** 2) / np.mean(slopes**2))


def single(x, h):
    x, h = x.astype(np.float32), np.float32(h)
    return (np.tanh(x + h) - np.tanh(x - h)) / (2 * h)


central = np.array([error_of(central_difference(np.tanh, points, h)) for h in steps])
curves = {
    "forward difference": [error_of(forward_difference(np.tanh, points, h)) for h in steps],
    "central difference": central,
    "central, float32": [error_of(single(points, h)) for h in steps],
}
right, left = steps > 1e-4, steps < 1e-7
fits = [np.polyfit(np.log(steps[w]), np.log(central[w]), 1)[0] for w in (right, left)]
best = {name: steps[np.argmin(curve)] for name, curve in curves.items()}
print(f"slopes of the V: {fits[0]:.2f} and {fits[1]:.2f}")  # 2.00 and -1.00
print({name: f"{min(curve):.0e} at h = {best[name]:.0e}" for name, curve in curves.items()})
assert abs(fits[0] - 2) < 0.1
assert abs(fits[1] + 1) < 0.1
assert 1e-6 <= best["central difference"] <= 1e-4

# %% The complex step: nothing to subtract
# Make the step imaginary. Taylor's formula still holds:
#
#     f(x + ih) = f(x) + ih f'(x) - h^2 f''(x) / 2 - i h^3 f'''(x) / 6 + ...
#     f'(x)     = Im f(x + ih) / h + h^2 f'''(x) / 6 - ...
#
# The truncation error is as large as for the central difference: on the right the two curves
# coincide. But the derivative is the imaginary part, a number of its own. No large numbers are
# subtracted, so no digits are lost, and h can be 1e-200 (Squire and Trapp, 1998). Below h = 1e-8
# the error stays at the last digit. `mv.check_gradients` offers both: method="central" and
# method="complex".


def complex_step(f, x, h=1e-200):
    return f(x + 1j * h).imag / h


curves["complex step"] = [error_of(complex_step(np.tanh, points, h)) for h in steps]
show(gradient_errors(steps, curves), "02_v_curve")
print(f"complex step, h = 1e-200: relative error {error_of(complex_step(np.tanh, points)):.0e}")
assert error_of(complex_step(np.tanh, points)) < 1e-15

# %% Where the complex step breaks
# Every operation in f must mean the same for complex numbers: +, *, /, @, exp, log and tanh do.
# `np.abs` does not: |x + ih| is a real number, and the step is lost. Below, f(x) = x + |x| has
# slope 2 at x = 1. The complex step silently says 1, and central differences say 2. The library's
# check fails here, but it also takes central differences, and says where the fault is. (It reports
# the other point, x = -2, where the slope is 0 and the complex step says 1. It multiplies each
# output by a random weight, for a reason that follows in two cells: "numeric" is 1 times such a
# weight.)


def bent(x):
    return x + np.abs(x)


print(complex_step(bent, 1.0), central_difference(bent, 1.0, 1e-5))  # 1.0 and 2.0
report = mv.check_gradients(
    bent, [1.0, -2.0], backward=lambda x, dy: dy * (1 + np.sign(x)), method="complex", rng=0
)
print(report)
assert complex_step(bent, 1.0) == 1
assert "central differences agree" in str(report)

# %% How far apart is too far?
# An absolute difference says nothing: if a gradient of 1e-6 is twice too large, it is still "right
# to five decimals". Some teaching code accepts a difference of 0.01. `scipy.optimize.check_grad`
# returns an absolute norm, and compares with a *forward* difference. The relative error counts:
#
#     |analytic - numeric| / max(|analytic|, |numeric|)
#
# With central differences a right gradient has an error of 1e-7 or less, and 1e-3 is a bug. You
# should see 1.3e-06 from SciPy, which looks fine, and 0.5 from the relative error, which does not.
# (Where a gradient is 0, rounding alone would make the relative error 1. So `check_gradients`
# divides by at least a thousandth of the array's largest gradient.)

point = np.array([0.13, -0.13, 0.64])


def small_loss(x):
    return 1e-6 * np.sum(x**2)


def doubled(x):
    return 4e-6 * x  # the right gradient is 2e-6 x


numeric = [
    central_difference(lambda t, e=e: small_loss(point + t * e), 0.0, 1e-4) for e in np.eye(3)
]
largest = np.maximum(np.abs(doubled(point)), np.abs(numeric))
relative = np.abs(doubled(point) - numeric) / largest
absolute = check_grad(small_loss, doubled, point)
print(f"check_grad: {absolute:.1e}, relative error: {relative.max():.3f}")
assert absolute < 1e-5
assert abs(relative.max() - 0.5) < 1e-6

# %% Many outputs: weigh them at random
# A layer has many outputs. Weights dy turn them into one number, sum(dy * y), and its gradient is
# exactly what `backward(dy)` returns. If dy = 1 everywhere, errors can cancel. The outputs below
# always add up to zero: with weights of one the true gradient is 0, and a backward pass that
# returns only zeros passes. Random weights catch it.


def centred(x):
    return x - x.mean(axis=1, keepdims=True)


def lazy_backward(x, dy):
    return np.zeros_like(x)


x = np.random.default_rng(0).normal(size=(5, 3))
moved = x.copy()
moved[0, 0] += 1
change = np.sum(centred(moved)) - np.sum(centred(x))
print(f"weights of one: an input moves by 1, the sum by {change:.0e}")  # rounding
print(mv.check_gradients(centred, x, backward=lazy_backward, rng=0))  # FAILED, "zero everywhere"
assert abs(change) < 1e-12
assert not mv.check_gradients(centred, x, backward=lazy_backward, rng=0).ok

# %% Reading a report
# A check should say where the error is, and give both numbers: their ratio often names the mistake.
# Four students wrote the gradient of tanh, or of a mean over a batch of five rows:


def mean_square(x):
    return np.mean(np.sum(x**2, axis=1))


attempts = {
    "the sign is flipped": (np.tanh, lambda x, dy: -dy * (1 - np.tanh(x) ** 2)),
    "half of what it should be": (np.tanh, lambda x, dy: dy * (1 - np.tanh(x) ** 2) / 2),
    "1.001 times what it should be": (np.tanh, lambda x, dy: dy * (1 - np.tanh(x) ** 2) * 1.001),
    "not divided by the batch size": (mean_square, lambda x, dy: dy * 2 * x),
}
for hint, (function, backward) in attempts.items():
    report = mv.check_gradients(function, x, backward=backward, rng=0)
    print(report)
    assert not report.ok
    assert hint in str(report)

# %% Kinks
# ReLU, max(x, 0), has no derivative at 0: its slope is 0 on the left and 1 on the right. Any value
# in between is a valid (sub)gradient, and the library takes 0. A central difference reaches over
# the kink: it says 0.5 at 0, and something between 0 and 1 for every |x| < h. Neither is wrong. So
# keep away from kinks or, as `check_gradients` does, compute both one-sided slopes and accept any
# value between them. The report counts these points.

relu = mv.ReLU()
report = mv.check_gradients(relu, np.array([[-1.0, 0.0, 2.0]]), rng=0)
print(f"central difference at 0: {central_difference(relu.forward, np.zeros(1), 1e-5)[0]}")  # 0.5
print(report)
assert report.ok
assert "1 on a kink" in str(report)

xs = np.linspace(-0.4, 0.4, 401)
ax = new_axes()
ax.plot(xs, xs > 0, color=COLORS[0], label="derivative of ReLU")
numeric = central_difference(relu.forward, xs, 0.1)
ax.plot(xs, numeric, "--", color=COLORS[1], label="central difference, h = 0.1")
ax.plot(0, 0.5, "ko", label="at the kink: 0.5")
finish(ax, "x", "slope")
show(ax.figure, "02_kink")

# %% Noise
# A VAE (tutorials 06 to 08) draws its code at random, from a mean mu, a variance exp(log_var), and
# standard normal noise called `eps` (not the rounding error eps above). If every call draws new
# noise, two values differ by far more than a step of h changes them, and the difference is
# nonsense. So noise must be an argument, the same for all calls.

rng = np.random.default_rng(3)
report = mv.check_gradients(
    lambda x: x + rng.normal(size=x.shape), x, backward=lambda x, dy: dy, rng=0
)
print(report)
assert "not deterministic" in str(report)

# %% A whole model
# With fixed noise and in float64, the same check works for a whole VAE with 272 parameters. Each
# parameter costs a forward pass by the complex step, and several by central differences. One
# backward pass gives all 272 gradients: that is why nobody trains by differences.

model = mv.VAE(12, 2, hidden=(8,), activation="tanh", rng=0)
batch = np.random.default_rng(0).integers(0, 2, (5, 12))
eps = np.random.default_rng(1).normal(size=(5, 2))
for method in ("central", "complex"):
    report = mv.check_gradients(model, batch, eps=eps, method=method)
    print(f"{method}: {report.n_checked} numbers, worst {report.worst.relative_error:.0e}")
    assert report.ok
    assert report.n_checked == 272

# %% What a check never sees
# ? The gradient check passes. Which mistakes may still be in the code?
# A gradient check compares backward with *forward*. If forward is not what you meant, the check
# passes all the same. A well-known NumPy VAE draws its code as mu + exp(log_var) eps, as if
# exp(log_var) were the standard deviation. But it is the variance, as the KL term of the same code
# says. The gradient below is right for the wrong forward pass, so the check passes.


def wrong_sample(mu, log_var, eps):
    return mu + np.exp(log_var) * eps  # right: exp(log_var / 2)


def wrong_sample_backward(mu, log_var, eps, dz):
    return dz, dz * np.exp(log_var) * eps


mu, log_var, eps = np.random.default_rng(0).normal(size=(3, 4, 2))
report = mv.check_gradients(wrong_sample, mu, log_var, eps, backward=wrong_sample_backward, rng=0)
print(report)  # ok!
assert report.ok

# %% So check values too
# Compare with a value that does not come from the code: with log_var = 1 the variance of the
# samples must be e = 2.718. A hundred thousand draws suffice: they have a standard error of 0.45
# percent. You should see 2.72 from the right line, and 7.39, which is e^2, from the wrong one.

eps = np.random.default_rng(0).normal(size=100_000)
mu, log_var = np.zeros_like(eps), np.ones_like(eps)
right, wrong = mv.reparameterize(mu, log_var, eps).var(), wrong_sample(mu, log_var, eps).var()
print(f"variance of the samples: {right:.2f}, and from the wrong line {wrong:.2f}")
assert abs(right / np.e - 1) < 5 * np.sqrt(2 / len(eps))
assert abs(wrong / np.e - 1) > 1

# %% Exercises
# Fill in three functions in tutorials/exercises/02_gradient_checking.py:
#
# 1. central_difference: the gradient of a function of an array, one entry after the other.
# 2. relative_error: entry by entry, with an answer for 0 against 0.
# 3. complex_step: the same gradient to the last digit.
#
# Then ask: python -m minivae check tutorials/exercises/02_gradient_checking.py
