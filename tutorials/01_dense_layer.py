"""A dense layer and the chain rule, with numbers worked by hand.

The question: how does a layer find out in which direction each of its weights should move?

You need: derivatives of one variable, matrix products, some NumPy. It runs in two seconds.

At the end you will have seen the three gradients of a dense layer come out of the chain rule,
first with numbers small enough for paper, then for a batch, then through two layers. You will also
know why no gradient may reach the first layers of a deep network.
"""

import numpy as np

import minivae as mv
from minivae.course import show
from minivae.plots import new_axes
from minivae.plots.style import COLORS, LINES, MARKERS, finish

# %% One weight
# The smallest layer has one input x, one weight w and one bias b. Its output y should equal a
# target t, and the loss says how far y is from t:
#
#     y = w x + b            L = (y - t)^2
#
# Take x = 3, w = 0.5, b = -1, t = 2. On paper: y = 0.5, so the error is -1.5 and L = 2.25.

x, w, b, t = 3.0, 0.5, -1.0, 2.0
y = w * x + b
loss = (y - t) ** 2
print(f"y = {y}, loss = {loss}")  # y = 0.5, loss = 2.25
assert (y, loss) == (0.5, 2.25)

# %% The chain rule, from the loss backwards
# How does L change if w moves a little? w moves y, and y moves L. The chain rule multiplies:
#
#     dL/dy = 2 (y - t)                  = 2 * (-1.5) = -3
#     dL/dw = dL/dy * dy/dw = dL/dy * x  = -3 * 3     = -9
#     dL/db = dL/dy * dy/db = dL/dy * 1               = -3
#     dL/dx = dL/dy * dy/dx = dL/dy * w  = -3 * 0.5   = -1.5
#
# Backpropagation computes dL/dy once and uses it three times. From here on, `dy` is short for
# dL/dy, `dw` for dL/dw, and so on: each is a gradient of the loss.

dy = 2 * (y - t)
dw, db, dx = dy * x, dy, dy * w
print(f"dy = {dy}, dw = {dw}, db = {db}, dx = {dx}")  # dy = -3.0, dw = -9.0, db = -3.0, dx = -1.5
assert (dy, dw, db, dx) == (-3, -9, -3, -1.5)

# %% What the number -9 says
# ? dL/dw is -9. By how much does the loss change if w grows by 0.01: by -0.09 exactly, by more,
# ? or by less?
# Move w by 0.01, and the loss should change by about -9 * 0.01 = -0.09. It changes by -0.0891. The
# gradient is the slope of the tangent, and the loss bends away from the tangent by (0.01 x)^2 =
# 0.0009.


def loss_at(w, b):
    return (w * x + b - t) ** 2


change = loss_at(w + 0.01, b) - loss_at(w, b)
print(f"predicted {dw * 0.01:.4f}, measured {change:.4f}")  # predicted -0.0900, measured -0.0891
assert abs(change - (dw * 0.01 + 0.0009)) < 1e-12

ax = new_axes()
ws = np.linspace(0, 1.6, 100)
ax.plot(ws, loss_at(ws, b), color=COLORS[0], label="loss, $(3w - 3)^2$")
tangent = slice(12, 52)
line = loss + dw * (ws[tangent] - w)
ax.plot(ws[tangent], line, "--", color=COLORS[1], label="slope $-9$")
ax.plot(w, loss, "ko", label="here: w = 0.5, loss 2.25")
finish(ax, "weight w", "loss")
show(ax.figure, "01_tangent")

# %% A step downhill
# Each parameter moves against its gradient, by the learning rate times the gradient:
#
#     w <- w - lr dw,    b <- b - lr db
#
# The new error is (1 - 2 lr (x^2 + 1)) = 1 - 20 lr times the old one. With lr = 0.04 a fifth of the
# error is left, -0.3. With lr = 0.05 nothing is left. Above lr = 0.1 the error grows at every step.
# So the input decides which learning rate is too large.

lr = 0.04
w_new, b_new = w - lr * dw, b - lr * db
error = w_new * x + b_new - t
print(f"error before {y - t:.2f}, after {error:.2f}")  # error before -1.50, after -0.30
assert abs(error - (1 - 20 * lr) * (y - t)) < 1e-12

# %% Two inputs, three outputs
# Now x has two numbers, y has three, and W[i, j] is the weight from input i to output j:
#
#     y_j = x_0 W[0, j] + x_1 W[1, j] + b_j            in NumPy: y = x @ W + b
#
# Here each row is an example, so x stands on the left. Lectures often write y = W x, where each
# column is an example. Their W is the transpose of this W, and so are all formulas that follow.
# On paper: y_0 = 1 * 1 + 2 * 0.5 + 0 = 2, y_1 = -1 + 4 + 1 = 4, y_2 = 0 + 2 - 1 = 1.

W = np.array([[1.0, -1.0, 0.0], [0.5, 2.0, 1.0]])  # (2, 3)
b = np.array([0.0, 1.0, -1.0])  # (3,)
x = np.array([1.0, 2.0])
y = x @ W + b
target = np.array([1.0, 5.0, 1.0])
loss = np.sum((y - target) ** 2)
print(f"y = {y}, loss = {loss}")  # y = [2. 4. 1.], loss = 2.0
assert np.array_equal(y, [2, 4, 1])

# %% The same three gradients, entry by entry
# dy = 2 (y - target) = [2, -2, 0]. A weight W[i, j] enters only one output, y_j, with the factor
# x_i. So the scalar rule holds for each weight: dW[i, j] = x_i dy_j. This table of products is the
# outer product of x and dy. The bias b_j enters y_j alone: db = dy.
#
# An input is different: x_i enters *every* output, and the factor in y_j is W[i, j]. So x_i moves
# the loss along three paths, and the changes add up: dx_i = sum_j dy_j W[i, j]. On paper:
#
#     dx_0 = 2*1 + (-2)*(-1) + 0*0 = 4          dx_1 = 2*0.5 + (-2)*2 + 0*1 = -3
#
# One rule covers all three: multiply along each path, and add over the paths.

dy = 2 * (y - target)
dW, db, dx = np.outer(x, dy), dy, W @ dy
print(f"dW =\n{dW}\ndx = {dx}")  # [[2, -2, 0], [4, -4, 0]] and [4, -3]
assert np.array_equal(dW, [[2, -2, 0], [4, -4, 0]])
assert np.array_equal(dx, [4, -3])

# %% A batch
# ? Four examples share one bias. What is db: the mean of the four dy, their sum, or a column of
# ? four?
# Four examples are four rows, and the loss is the mean over the rows. So dy has a factor 1/4:
#
#     L = 1/4 sum_n |y_n - target_n|^2            dy = 2/4 (y - target)
#
# Now every row uses each weight. Each row is a path of its own, and the paths add up:
#
#     dW[i, j] = sum_n x[n, i] dy[n, j]           dW = x^T dy
#     db[j]    = sum_n dy[n, j]                   db = sum of dy over the rows
#     dx[n, i] = sum_j dy[n, j] W[i, j]           dx = dy W^T
#
# The targets are chosen so that the errors are small whole numbers, and you can compute dW on
# paper: dW[0, 0] = (1 * 1 + 0 * 0 + (-1) * (-1) + 2 * 2) / 2 = 3.

x = np.array([[1.0, 2.0], [0.0, 1.0], [-1.0, 1.0], [2.0, 0.0]])  # (4, 2)
errors = np.array([[1.0, -1.0, 0.0], [0.0, 2.0, 1.0], [-1.0, 0.0, 0.0], [2.0, -1.0, 1.0]])
target = x @ W + b - errors
loss = np.mean(np.sum((x @ W + b - target) ** 2, axis=1))
dy = 2 * errors / len(x)  # (4, 3)
dW, db, dx = x.T @ dy, dy.sum(axis=0), dy @ W.T
print(f"loss = {loss}, dW =\n{dW}\ndb = {db}")  # 3.5, [[3, -1.5, 1], [.5, 0, .5]], [1, 0, 1]
assert loss == 3.5
assert np.array_equal(dW, [[3, -1.5, 1], [0.5, 0, 0.5]])
assert np.array_equal(db, [1, 0, 1])

# %% Three ways to get it wrong
# Shapes help. dW must be (2, 3), and only x^T dy turns x (4, 2) and dy (4, 3) into this shape. But
# a forgotten sum over the batch raises no error: `b = b - lr * db`, with a db of shape (4, 3),
# silently gives b the shape (4, 3). Shapes do not help with a square W, or with a wrong factor such
# as 1/4. Some courses divide by the batch size inside the layer: dW = x^T dy / 4. Then their dy is
# not the gradient of the mean loss. Whoever adds a second layer, or a term of the loss that is a
# sum, has to remember this. Here only the loss knows that it is a mean: a layer takes dy as it is
# given.
#
# The library's layer does what you just did, and nothing else.

layer = mv.Dense(2, 3)
layer.params["W"][...] = W
layer.params["b"][...] = b
y = layer.forward(x)
assert np.array_equal(layer.backward(dy), dx)
assert np.array_equal(layer.grads["W"], dW)
assert np.array_equal(layer.grads["b"], db)
print("mv.Dense agrees")

# %% Two layers
# Between two layers stands a nonlinear function, the activation, because two linear layers in a row
# are only one. Here it is tanh, whose derivative is 1 - tanh^2. Take one number in each place, and
# x = 1:
#
#     a = w1 x,   h = tanh(a),   y = w2 h,   L = (y - 0)^2
#
# w1 = ln(3)/2 = 0.5493 gives h = 0.5 exactly, and w2 = 2 gives y = 1. Backwards, on paper:
#
#     dy = 2 y = 2
#     dw2 = h dy = 1           dh = w2 dy = 4
#     da = (1 - h^2) dh = 0.75 * 4 = 3
#     dw1 = x da = 3           dx = w1 da = 1.648
#
# Each layer needs only two things: its input on the way forward (x or h), and the gradient with
# respect to its output. It does not need to know which layers stand before or after it.

first, second = mv.Dense(1, 1, bias=False), mv.Dense(1, 1, bias=False)
first.params["W"][...] = np.log(3) / 2
second.params["W"][...] = 2.0
network = mv.Sequential([first, mv.Tanh(), second])
y = network.forward(np.array([[1.0]]))
dx = network.backward(2 * y)
print({name: round(float(g[0, 0]), 4) for name, g in network.grads.items()})  # 3.0 and 1.0
assert np.allclose([first.grads["W"][0, 0], second.grads["W"][0, 0]], [3, 1], atol=1e-12)
assert abs(dx[0, 0] - 3 * np.log(3) / 2) < 1e-12

# %% The graph
# Values go to the right, and gradients come back to the left. Each gradient is the one on its
# right, times the local derivative below the arrow.

ax = new_axes(9, 2)
nodes = {"x": (1, dx[0, 0]), "a": (np.log(3) / 2, 3), "h": (0.5, 4), "y": (1, 2), "L": (1, 1)}
forward = [r"$\times\ w_1 = 0.549$", "tanh", r"$\times\ w_2 = 2$", "square"]
local = ["w_1 = 0.549", "(1 - h^2) = 0.75", "w_2 = 2", "2y = 2"]
for i, (name, (value, gradient)) in enumerate(nodes.items()):
    box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "0.3"}
    words = f"{name} = {value:.4g}\nd{name} = {gradient:.4g}"
    ax.text(2 * i, 0, words, ha="center", va="center", bbox=box, linespacing=1.6)
for i, (there, back) in enumerate(zip(forward, local, strict=True)):
    arrow = {"arrowstyle": "->", "linewidth": 1.5}
    x0, x1 = 2 * i + 0.6, 2 * i + 1.4
    ax.annotate("", (x1, 0.25), (x0, 0.25), arrowprops=arrow | {"color": COLORS[0]})
    ax.annotate("", (x0, -0.25), (x1, -0.25), arrowprops=arrow | {"color": COLORS[1]})
    ax.text(2 * i + 1, 0.4, there, ha="center", color=COLORS[0])
    ax.text(2 * i + 1, -0.4, rf"$\times\ {back}$", ha="center", va="top", color=COLORS[1])
ax.set(xlim=(-0.8, 8.8), ylim=(-0.7, 0.7))
ax.set_axis_off()
show(ax.figure, "01_graph")

# %% Twenty layers: a product of twenty factors
# ? What is left of a gradient after twenty layers if each of them halves it?
# Each layer multiplies the gradient by (1 - h^2) W^T on its way back. If every layer halves it,
# only 0.5^20 = 1e-6 of it reaches the first layer, which then learns nothing. `mv.Dense` draws
# weights of variance 2 / (n_in + n_out), as Glorot and Bengio (2010) propose. They keep the
# gradient within a factor of ten: you should see that 0.19 of it arrives, but 6.9e-07 with all
# weights half as large. With weights twice as large it is 22, not 0.19 * 2^20 = 2e5, because large
# weights drive tanh into its flat ends, where 1 - h^2 is small.


def gradient_sizes(scale, depth=20, width=64):
    """Return the gradient's length behind each layer, as a share of its length at the output."""
    rng = np.random.default_rng(0)
    layers = []
    for _ in range(depth):
        layers += [mv.Dense(width, width, rng=rng), mv.Tanh()]
        layers[-2].params["W"] *= scale
    y = mv.Sequential(layers).forward(rng.normal(size=(100, width)))
    gradient = rng.normal(size=y.shape)
    sizes = [np.linalg.norm(gradient)]
    for dense, tanh in zip(layers[-2::-2], layers[::-2], strict=True):
        gradient = dense.backward(tanh.backward(gradient))
        sizes.append(np.linalg.norm(gradient))
    return np.array(sizes) / sizes[0]


ax = new_axes()
arrived = {}
for i, scale in enumerate((0.5, 1.0, 2.0)):
    sizes = gradient_sizes(scale)
    arrived[scale] = sizes[-1]
    label = rf"{scale:g} $\times$ Glorot's weights"
    ax.semilogy(sizes, color=COLORS[i], ls=LINES[i], marker=MARKERS[i], ms=4, label=label)
finish(
    ax,
    "layers passed, from the output backwards",
    "length of the gradient\n(share of the output's)",
)
ax.set_xticks(range(0, 21, 5))
show(ax.figure, "01_depth")
print({scale: f"{size:.2g}" for scale, size in arrived.items()})
assert 1e-8 < arrived[0.5] < 1e-5
assert 0.05 < arrived[1.0] < 1 < arrived[2.0]

# %% It learns
# The layer takes steps against its gradient, on a hundred examples of a noisy linear rule. The
# answer is known, because `numpy.linalg.lstsq` solves the same problem in one go. After 500 steps
# the layer agrees with it to the last digits.

rng = np.random.default_rng(1)
x = rng.normal(size=(100, 2))
target = x @ W + b + 0.1 * rng.normal(size=(100, 3))
layer = mv.Dense(2, 3, rng=0)
for _ in range(500):
    dy = 2 * (layer.forward(x) - target) / len(x)
    layer.backward(dy)
    for name, parameter in layer.params.items():
        parameter -= 0.1 * layer.grads[name]

exact = np.linalg.lstsq(np.column_stack([x, np.ones(100)]), target)[0]  # weights, then the bias
difference = np.abs(np.vstack([layer.params["W"], layer.params["b"]]) - exact).max()
print(f"largest difference to least squares: {difference:.0e}")
assert difference < 1e-12

# %% Exercises
# Fill in three functions in tutorials/exercises/01_dense_layer.py:
#
# 1. dense_forward: y = x W + b for a batch.
# 2. dense_backward: dx, dW and db from dy.
# 3. mean_squared_error_backward: dW and db of a loss that is a mean over the batch.
#
# Then ask: python -m minivae check tutorials/exercises/01_dense_layer.py
# One question stays open, and tutorial 02 answers it: how do you know that a gradient is right?
