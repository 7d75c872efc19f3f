"""Adam by hand, on an autoencoder with two weights.

The question: what do momentum and Adam do with a gradient, and which of them leaves a saddle?

You need: tutorials 01 and 02, eigenvalues of a symmetric matrix. It runs in four seconds.

At the end you will have worked two steps of Adam on paper, and know what the bias correction is
for. You will have drawn the loss surface of an autoencoder, which has a saddle, followed three
optimizers on it, and seen a loss curve that goes down a staircase of saddles.
"""

import numpy as np

import minivae as mv
from minivae.course import show
from minivae.plots import new_axes
from minivae.plots.style import COLORS, LINES, MARKERS, finish

# %% The smallest autoencoder
# One number x goes in, the weight a encodes it, and the weight b decodes it: x_hat = b a x. If the
# mean square of the data is 1, the loss and its gradient are
#
#     L = mean (x - b a x)^2 = (1 - a b)^2
#     dL/da = -2 b (1 - a b)            dL/db = -2 a (1 - a b)
#
# At a = 1, b = -0.9, on paper: 1 - ab = 1.9, L = 3.61, dL/da = 3.42, dL/db = -3.8.

X1, tiny = np.ones((1, 1)), mv.LinearAutoencoder(1, 1)


def loss_and_gradient(point):
    tiny.params["encoder.0.W"][...], tiny.params["decoder.0.W"][...] = point
    losses, grads = tiny.loss_and_grads(X1)
    return losses["loss"], np.array([grads["encoder.0.W"][0, 0], grads["decoder.0.W"][0, 0]])


loss, gradient = loss_and_gradient([1.0, -0.9])
print(f"loss = {loss:.2f}, gradient = {gradient.round(2)}")  # 3.61, [3.42, -3.8]
assert np.allclose([loss, *gradient], [3.61, 3.42, -3.8], atol=1e-12)

# %% A valley of minima, and one saddle
# The gradient is zero where ab = 1 and at the origin. The points with ab = 1 are a whole curve of
# minima: only the product matters, and the loss is 0. At the origin the loss is 1, and the second
# derivatives say what kind of point it is:
#
#     H = [[2 b^2, 4ab - 2], [4ab - 2, 2 a^2]]        at the origin [[0, -2], [-2, 0]]
#
# Its eigenvalues are 2, along (1, -1), and -2, along (1, 1). The loss curves up one way and down
# the other: the origin is a saddle. There the gradient is exactly zero, so an autoencoder whose
# weights start at zero stays there forever. At a minimum the eigenvalues are 0, along the valley,
# and 2 (a^2 + b^2), across it. You should see -2 and 2, then 0 and 4, then 0 and 32.125.


def curvatures(gradient_at, point, h=1e-5):
    """Return the eigenvalues of the matrix of second derivatives, by central differences."""
    steps = h * np.eye(len(point))
    H = np.array([(gradient_at(point + s) - gradient_at(point - s)) / (2 * h) for s in steps])
    return np.linalg.eigvalsh((H + H.T) / 2)


for point, expected in (([0.0, 0.0], [-2, 2]), ([1.0, 1.0], [0, 4]), ([4.0, 0.25], [0, 32.125])):
    measured = curvatures(lambda p: loss_and_gradient(p)[1], np.array(point))
    print(point, measured.round(3) + 0.0)
    assert np.allclose(measured, expected, atol=1e-6)
assert np.array_equal(loss_and_gradient([0.0, 0.0])[1], [0, 0])

# %% Which learning rates a minimum allows
# A step multiplies the distance across the valley by (1 - lr * curvature). This factor must stay
# between -1 and 1, so lr < 2 / curvature: 0.5 at (1, 1) and 0.062 at (4, 0.25). Start at (4,
# 0.2501). With lr = 0.06 descent stays there. With lr = 0.1 it is thrown out, and settles where the
# valley is flatter, near (0.93, 1.07).


def descend(optimizer, start, n_steps):
    """Return every point of the path, shape (n_steps + 1, 2)."""
    params = {"ab": np.array(start)}
    points = [params["ab"].copy()]
    for _ in range(n_steps):
        optimizer.step(params, {"ab": loss_and_gradient(params["ab"])[1]})
        points.append(params["ab"].copy())
    return np.array(points)


for lr in (0.06, 0.1):
    end = descend(mv.SGD(lr), [4.0, 0.2501], 1000)[-1]
    print(f"lr = {lr}: ends at {end.round(2)}, which allows {1 / np.sum(end**2):.3f}")
    assert abs(end[0] * end[1] - 1) < 1e-6
    assert 1 / np.sum(end**2) > lr

# %% Momentum
# ? The gradient is 1 at every step, lr is 0.1 and mu is 0.9. How long do the steps become in the
# ? end?
# Momentum is a ball that rolls: the velocity v keeps a share mu of itself, and the gradient pushes
# it.
#
#     v <- mu v - lr g            theta <- theta + v
#
# Under a constant gradient the velocity grows to v = -lr g (1 + mu + mu^2 + ...) = -lr g / (1 -
# mu). With mu = 0.9 this is ten times the step of plain descent. On paper, with lr = 0.1 and g = 1,
# the steps are -0.1, -0.19, -0.271, ...


def steps_of(optimizer, gradients):
    """Return the steps of one parameter that receives these gradients, wherever it is."""
    theta = np.zeros(1)
    path = [0.0]
    for g in gradients:
        optimizer.step({"theta": theta}, {"theta": np.array([g])})
        path.append(theta[0])
    return np.diff(path)


steps = steps_of(mv.SGD(0.1, momentum=0.9), np.ones(200))
print(steps[:3].round(3), steps[-1].round(6))  # [-0.1, -0.19, -0.271], -1.0
assert np.allclose(steps[:3], [-0.1, -0.19, -0.271])
assert abs(steps[-1] + 1) < 1e-6

# %% Adam, two steps on paper
# Adam (Kingma and Ba, 2015) keeps running averages of the gradient and of its square,
#
#     m <- 0.9 m + 0.1 g                v <- 0.999 v + 0.001 g^2
#
# and divides the first average by the root of the second. Both start at 0, so the first averages
# are far too small: their weights add up to 1 - 0.9^t and 1 - 0.999^t, not to 1. The bias
# correction divides by these sums:
#
#     theta <- theta - lr * (m / (1 - 0.9^t)) / (sqrt(v / (1 - 0.999^t)) + 1e-8)
#
# With lr = 0.1 and the gradients 1 and -2:
#
#     t = 1:  m = 0.1    / 0.1  =  1        v = 0.001    / 0.001    = 1          step -0.1
#     t = 2:  m = -0.11  / 0.19 = -0.5789   v = 0.004999 / 0.001999 = 2.5008     step +0.0366
#
# Without the correction, the first step is 0.1 / sqrt(0.001) = 3.16 learning rates. A wrong
# correction that always divides by 1 - 0.9 and 1 - 0.999 gets step 1 right and step 2 wrong: test
# an optimizer for more than one step. Some libraries add the 1e-8 to sqrt(v) before the correction,
# unlike Algorithm 1 of the paper. In the first step the 1e-8 then weighs 32 times as much.

gradients = [1.0, -2.0, 0.5, 3.0, -0.1]
m = v = 0.0
by_hand = []
for t, g in enumerate(gradients, start=1):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    by_hand.append(-0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8))
print(np.round(by_hand, 4))  # [-0.1, 0.0366, 0.0137, ...]
assert np.allclose(steps_of(mv.Adam(0.1), gradients), by_hand, atol=1e-12)
assert abs(by_hand[1] - 0.0366) < 5e-5

# %% What Adam does not see: the scale
# ? A loss is multiplied by 784. What happens to the steps of Adam, and to those of plain descent?
# Multiply every gradient by c: m and sqrt(v) both grow by c, and the step stays the same. Under a
# constant gradient, large or small (compared with 1e-8), every step is the learning rate. So Adam
# does not care whether a loss is summed over 784 pixels or averaged over them, whereas plain
# descent needs another learning rate. This holds for the loss as a whole. If a second term stands
# beside it, such as a penalty or the KL of a VAE, sum or mean decides how much each term weighs.

for c in (1e-3, 1.0, 784.0):
    steps = steps_of(mv.Adam(0.1), [c] * 50)
    print(f"gradient {c:g}: steps between {steps.min():.4f} and {steps.max():.4f}")  # all -0.1
    assert np.allclose(steps, -0.1, rtol=1e-4)

# %% Three ways down
# Start at (1, -0.9), close to the line a = -b that leads straight into the saddle. The picture
# marks every eighth step: look where the marks are close together.

start, n_steps = [1.0, -0.9], 400
optimizers = {
    "gradient descent": lambda: mv.SGD(0.02),
    "momentum 0.9": lambda: mv.SGD(0.02, momentum=0.9),
    "Adam": lambda: mv.Adam(0.02),
}
paths = {name: descend(make(), start, n_steps) for name, make in optimizers.items()}
losses = {name: (1 - path[:, 0] * path[:, 1]) ** 2 for name, path in paths.items()}

ax = new_axes(6.4, 5.6)
axis = np.linspace(-1.7, 1.7, 200)
a, b = np.meshgrid(axis, axis)
ax.contour(a, b, (1 - a * b) ** 2, [0.05, 0.25, 0.6, 1, 2, 4, 8, 12], colors="0.75", linewidths=0.8)
for sign in (1, -1):
    right = np.linspace(1 / 1.7, 1.7, 50) * sign
    ax.plot(right, 1 / right, "k", lw=2, label="minima, ab = 1" if sign == 1 else None)
for i, (name, path) in enumerate(paths.items()):
    style = {"color": COLORS[i], "ls": LINES[i], "marker": MARKERS[i], "ms": 4, "markevery": 8}
    ax.plot(*path.T, label=name, **style)
ax.plot(0, 0, "kX", ms=10, label="saddle, loss 1")
ax.plot(*start, "k*", ms=12, label="start")
ax.set_aspect("equal")
finish(ax, "encoder weight a", "decoder weight b")
ax.legend(loc="upper left", fontsize="small")
show(ax.figure, "03_surface")

# %% The three losses
# ? Which is the slowest of the three past a saddle: descent, momentum or Adam?
# Near the saddle, at loss 1, plain descent slows down a little and Adam for a long time, whereas
# momentum rolls past. You should see a loss of one half after 58 steps of descent, 17 with
# momentum, and 143 of Adam, the slowest. Adam's steps are 0.02 long, while those of descent begin
# with 0.07. And on the way in, Adam has met large gradients. Its v remembers them for a thousand
# steps, and makes the small gradients near the saddle smaller still. With beta2 = 0.9 it forgets
# them in ten steps, and takes 89.

ax = new_axes()
for i, (name, curve) in enumerate(losses.items()):
    ax.semilogy(np.maximum(curve, 1e-12), color=COLORS[i], ls=LINES[i], label=name)
ax.axhline(1, color="0.35", lw=1, label="the saddle")
ax.set(xlim=(0, 300), ylim=(1e-6, 10))
finish(ax, "step", "loss, $(1 - ab)^2$")
show(ax.figure, "03_losses")
halved = {name: int(np.argmax(curve < 0.5)) for name, curve in losses.items()}
forgetful = descend(mv.Adam(0.02, beta2=0.9), start, n_steps)
halved["Adam, beta2 = 0.9"] = int(np.argmax(np.prod(forgetful, axis=1) > 1 - np.sqrt(0.5)))
print(halved)
assert halved["momentum 0.9"] < halved["gradient descent"] < halved["Adam"]
assert halved["Adam, beta2 = 0.9"] < 0.7 * halved["Adam"]

# %% Away from a saddle
# Now start at rest beside the saddle, at (e, 0). At a distance d along (1, 1) the slope is 2 d, so
# plain descent multiplies d by 1 + 2 lr = 1.04 at each step. If e is a hundred times smaller,
# descent needs ln(100) / ln(1.04) = 117 more steps. With momentum the distance obeys
#
#     d_(t+1) = d_t + 0.9 (d_t - d_(t-1)) + 2 lr d_t,      so  d = r^t  if  r^2 = 1.94 r - 0.9
#
# The larger root is r = 1.172, so momentum needs 29 more steps. Adam's first step is one learning
# rate long, however small the gradient is: it needs 27 steps from each of the three starts. "Adam
# escapes saddles" is true of a saddle where it starts, but not of a saddle that it walks into.

root = np.roots([1, -1.94, 0.9]).max()
for name, make in optimizers.items():
    counts = []
    for e in (1e-2, 1e-4, 1e-6):
        path = descend(make(), [e, 0.0], n_steps)
        counts.append(int(np.argmax(np.prod(path, axis=1) > 1 - np.sqrt(0.5))))
    print(f"{name}: loss halved after {counts} steps")
    growth = {"gradient descent": 1.04, "momentum 0.9": root, "Adam": np.inf}[name]
    assert np.all(np.abs(np.diff(counts) - np.log(100) / np.log(growth)) <= 1)

# %% More directions: which points are saddles?
# Two features have the mean squares 2 and 1 along the axes u_1 and u_2, and there is one latent.
# The gradient is zero where the autoencoder keeps u_1 (the loss is 1, the mean square left out),
# where it keeps u_2 (loss 2), and where it keeps nothing (loss 3). There are no other such points,
# up to the scale that encoder and decoder share (Baldi and Hornik, 1989). Count the negative
# curvatures in the space of the four weights. You should see none for u_1, one for u_2, which could
# turn towards u_1, and two for nothing. So only the solutions of PCA are minima, and descent finds
# the subspace of PCA from almost every start.

rng = np.random.default_rng(0)
u = np.array([[np.cos(0.5), np.sin(0.5)], [-np.sin(0.5), np.cos(0.5)]])  # rows u_1, u_2
scores = np.linalg.qr(rng.normal(size=(50, 2)))[0] * np.sqrt(50 * np.array([2.0, 1.0]))
model, X2 = mv.LinearAutoencoder(2, 1), scores @ u


def gradient_at(weights):
    model.params["encoder.0.W"][:, 0], model.params["decoder.0.W"][0] = weights[:2], weights[2:]
    return np.concatenate([g.ravel() for g in model.loss_and_grads(X2)[1].values()])


cases = {"u_1": (u[0], 1, 0), "u_2": (u[1], 2, 1), "nothing": (0 * u[0], 3, 2)}
for name, (kept, loss, ways_down) in cases.items():
    weights = np.concatenate([kept, kept])
    eigenvalues = curvatures(gradient_at, weights)
    print(f"keeps {name}: loss {loss}, curvatures {eigenvalues.round(2) + 0.0}")
    assert np.sum(eigenvalues < -1e-6) == ways_down
    assert np.abs(gradient_at(weights)).max() < 1e-12
    assert abs(model.losses(X2)["loss"] - loss) < 1e-12

# %% A staircase
# Six features have the mean squares 8, 4, 2, 1, 1/2 and 1/4. There are three latents, and tiny
# weights: a start close to the saddle that keeps nothing. Descent leaves it along u_1, the steepest
# direction, and arrives at the saddle that keeps u_1, then at the one that keeps u_1 and u_2, then
# at the minimum. The loss of each is the sum of the mean squares left out: 15.75, 7.75, 3.75 and
# 1.75. Saxe, McClelland and Ganguli (2014) solved this case: the time to find direction i is
# proportional to 1 / its mean square. You should see that the three drops of descent are half done
# at steps 122, 235 and 487, near 1 : 2 : 4, after waits of 103, 59 and 141 steps within 2 percent
# of a saddle's level. So a loss that has been flat for a long time need not have arrived. Adam
# starts beside the first saddle, and waits 14, 18 and 2.

rng = np.random.default_rng(3)
squares = np.array([8, 4, 2, 1, 0.5, 0.25])
levels = squares.sum() - np.cumsum([0, 8, 4, 2])
scores = np.linalg.qr(rng.normal(size=(100, 6)))[0] * np.sqrt(100 * squares)
X6 = scores @ np.linalg.qr(rng.normal(size=(6, 6)))[0]

ax = new_axes()
for i, (name, make) in enumerate({"gradient descent": mv.SGD, "Adam": mv.Adam}.items()):
    model, optimizer = mv.LinearAutoencoder(6, 3, rng=0), make(0.005)
    for parameter in model.params.values():
        parameter *= 1e-4
    curve = []
    for _ in range(2500):
        step_losses, grads = model.loss_and_grads(X6)
        optimizer.step(model.params, grads)
        curve.append(step_losses["loss"])
    ax.plot(curve, color=COLORS[i], ls=LINES[i], label=name)
    waited = [int(np.sum(np.abs(curve - level) < 0.02 * level)) for level in levels[:3]]
    halves = (levels[1:] + levels[:-1]) / 2
    dropped = [int(np.argmax(np.array(curve) < half)) for half in halves]
    print(f"{name}: ends at {curve[-1]:.6f}, waits {waited}, drops at {dropped}")
    assert abs(curve[-1] - 1.75) < 1e-6
    if name == "gradient descent":
        assert min(waited) > 50
        assert np.allclose(np.divide(dropped, dropped[0]), [1, 2, 4], rtol=0.1)
    else:
        assert max(waited) < 50
ax.hlines(levels, 0, 1000, color="0.35", lw=0.8, ls=":", label="saddles, and the minimum")
ax.set_xlim(0, 1000)
finish(ax, "step", "loss, mean $|x - \\hat x|^2$")
ax.legend(loc="center right")
show(ax.figure, "03_staircase")

# %% Exercises
# Fill in three functions in tutorials/exercises/03_adam.py:
#
# 1. momentum_step: the new parameter and its velocity.
# 2. adam_step: the new parameter and both moments, with the bias correction.
# 3. linear_autoencoder_gradients: of mean |x - x_hat|^2, with respect to both matrices.
#
# Then ask: python -m minivae check tutorials/exercises/03_adam.py
