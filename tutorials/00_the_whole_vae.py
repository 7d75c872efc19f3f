"""The whole VAE on one page: from the data to drawn samples, in NumPy alone.

The question: what is in a variational autoencoder, when no library hides any of it?

You need: matrix products and the chain rule; tutorials 01 to 08 explain every line. It runs in ten
seconds.

At the end you will have read a VAE whole: its layers, its loss, every gradient, Adam, and the faces
that it draws. Each function stands right above its backward pass, which takes the same arguments
and the gradient of the loss with respect to the function's value, and returns the gradients with
respect to the arguments: dW is the gradient of the loss with respect to W, and so on. Two checks
follow the page: a difference quotient, and minivae itself, which agrees to twelve digits.
"""

import os
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

# %% The data
# Two numbers make a face of 24 x 24 pixels: how much it smiles, and how far it leans. The VAE sees
# nothing but the pixels, from 0 (paper) to 1 (ink).


def draw_faces(n, rng):
    smile, lean = rng.uniform(-1, 1, (2, n, 1, 1))
    across, up = np.meshgrid(np.linspace(-1.2, 1.2, 24), np.linspace(1.2, -1.2, 24))  # (24, 24)
    c, s = np.cos(lean / 2), np.sin(lean / 2)
    u, v = c * across + s * up, c * up - s * across  # (n, 24, 24)
    head = np.abs(np.hypot(u, v) - 1.05)  # the distance of each pixel from a circle,
    eyes = np.hypot(np.abs(u) - 0.4, v - 0.3) - 0.06  # from two discs,
    mouth = np.hypot(np.maximum(np.abs(u) - 0.5, 0), v + 0.45 - 1.3 * smile * (u**2 - 0.1))
    distance = np.minimum(np.minimum(head, eyes), mouth)  # and from the nearest of the three
    return 1 / (1 + np.exp((distance.reshape(n, 576) - 0.08) / 0.03))


rng = np.random.default_rng(0)
X = draw_faces(4000, rng)  # (4000, 576)

# %% A dense layer
# Every row of x meets the same W and the same b, so their gradients are sums over the rows.


def dense(x, W, b):
    # y = x W + b
    return x @ W + b  # (n, n_out)


def dense_backward(x, W, b, dy):
    # dx = dy W^T                  dW = x^T dy                  db = sum_n dy_n
    return dy @ W.T, x.T @ dy, np.sum(dy, axis=0)  # (n, n_in), (n_in, n_out), (n_out,)


# %% The code
# The encoder returns a distribution of codes, q(z | x) = N(mu, sigma^2), and z is a draw from it.
# The noise eps ~ N(0, I) comes from outside: z is plain arithmetic on mu and log_var, and the chain
# rule passes through it. The KL divergence from q to the prior N(0, I) is the price of the code.


def reparameterize(mu, log_var, eps):
    # z = mu + sigma eps           sigma = e^(log_var / 2)
    return mu + np.exp(log_var / 2) * eps  # (n, 2)


def reparameterize_backward(mu, log_var, eps, dz):
    # dmu = dz                     dlog_var = dz sigma eps / 2
    return dz, dz * np.exp(log_var / 2) * eps / 2  # (n, 2) each


def gaussian_kl(mu, log_var):
    # KL = 1/2 sum_i [ mu_i^2 + e^log_var_i - 1 - log_var_i ]
    return np.sum(mu**2 + np.exp(log_var) - 1 - log_var, axis=1) / 2  # (n,)


def gaussian_kl_backward(mu, log_var, dkl):
    # dmu = dKL mu                 dlog_var = dKL (e^log_var - 1) / 2
    return dkl[:, None] * mu, dkl[:, None] * (np.exp(log_var) - 1) / 2  # (n, 2) each


# %% The image
# The decoder returns a logit a for each pixel, which is ink with the probability 1 / (1 + e^-a).


def log_prob(x, logits):
    # log p(x | z) = sum_d [ x_d a_d - log(1 + e^a_d) ]
    return np.sum(x * logits - np.logaddexp(0, logits), axis=1)  # (n,)


def log_prob_backward(x, logits, dlog_prob):
    # da = dlog_prob (x - 1 / (1 + e^-a))
    return dlog_prob[:, None] * (x - 1 / (1 + np.exp(-logits)))  # (n, 576)


# %% The loss and every gradient
# The loss is minus the evidence lower bound, in nats, averaged over the batch. Below it stand the
# same lines, last to first. The gradients of two paths, through z and through the KL, add up.


def loss_and_grads(params, x, eps):
    W1, b1, W2, b2, W3, b3, W4, b4 = params.values()
    h1 = np.maximum(dense(x, W1, b1), 0)  # (n, 64)
    h2 = dense(h1, W2, b2)  # (n, 4)
    mu, raw = h2[:, :2], h2[:, 2:]  # (n, 2) each
    log_var = 20 * np.tanh(raw / 20)  # (n, 2), within +-20: e^log_var cannot overflow
    z = reparameterize(mu, log_var, eps)  # (n, 2)
    h3 = np.maximum(dense(z, W3, b3), 0)  # (n, 64)
    logits = dense(h3, W4, b4)  # (n, 576)
    # loss = mean_n [ KL( q(z | x) || N(0, I) ) - log p(x | z) ]
    loss = np.mean(gaussian_kl(mu, log_var) - log_prob(x, logits))

    dkl = np.full(len(x), 1 / len(x))  # (n,)
    dlogits = log_prob_backward(x, logits, -dkl)
    dh3, dW4, db4 = dense_backward(h3, W4, b4, dlogits)
    dz, dW3, db3 = dense_backward(z, W3, b3, dh3 * (h3 > 0))
    dmu_z, dlog_var_z = reparameterize_backward(mu, log_var, eps, dz)
    dmu_kl, dlog_var_kl = gaussian_kl_backward(mu, log_var, dkl)
    d_raw = (dlog_var_z + dlog_var_kl) * (1 - (log_var / 20) ** 2)
    dh2 = np.concatenate([dmu_z + dmu_kl, d_raw], axis=1)
    dh1, dW2, db2 = dense_backward(h1, W2, b2, dh2)
    _, dW1, db1 = dense_backward(x, W1, b1, dh1 * (h1 > 0))
    return loss, dict(zip(params, [dW1, db1, dW2, db2, dW3, db3, dW4, db4], strict=True))


# %% Adam
# Algorithm 1 of Kingma and Ba (2015), line by line. t counts the steps, from 1.


def adam_step(params, grads, m, v, t, learning_rate=5e-3, beta1=0.9, beta2=0.999, epsilon=1e-8):
    for name, g in grads.items():
        m[name] = beta1 * m[name] + (1 - beta1) * g
        v[name] = beta2 * v[name] + (1 - beta2) * g**2
        m_hat = m[name] / (1 - beta1**t)
        v_hat = v[name] / (1 - beta2**t)
        params[name] -= learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)


# %% Training
# 2400 steps, with 50 faces in each of them. The loss falls to about 150 nats per face.

params = {}
for i, (n_in, n_out) in enumerate([(576, 64), (64, 4), (2, 64), (64, 576)], start=1):
    params[f"W{i}"] = rng.normal(0, 1 / np.sqrt(n_in), (n_in, n_out))
    params[f"b{i}"] = np.zeros(n_out)
m, v = dict.fromkeys(params, 0.0), dict.fromkeys(params, 0.0)
losses = []
for t in range(1, 2401):
    x, eps = X[rng.integers(4000, size=50)], rng.standard_normal((50, 2))
    loss, grads = loss_and_grads(params, x, eps)
    adam_step(params, grads, m, v, t)
    losses.append(loss)
    if t % 400 == 0:
        print(f"step {t}: {np.mean(losses[-400:]):.1f} nats per face")

# %% New faces
# Draw z from the prior, and decode it.

z = rng.standard_normal((60, 2))
h3 = np.maximum(dense(z, params["W3"], params["b3"]), 0)
faces = 1 / (1 + np.exp(-dense(h3, params["W4"], params["b4"])))  # (60, 576)

figure = Figure(figsize=(10, 3.3), layout="constrained")
panels = {"Faces of the data": X[:60], "Faces that the VAE draws": faces}
for ax, (title, images) in zip(figure.subplots(1, 2), panels.items(), strict=True):
    ax.imshow(images.reshape(6, 10, 24, 24).swapaxes(1, 2).reshape(144, 240), cmap="gray_r")
    ax.set(title=title, xticks=[], yticks=[])
picture = Path(os.environ.get("MINIVAE_FIGURES") or "minivae-figures", "00_faces.png")
picture.parent.mkdir(parents=True, exist_ok=True)
figure.savefig(picture, dpi=120)
print(f"[figure: {picture}]")

# %% What is it worth?
# A loss of 150 nats lies between two known numbers. One mean face, drawn for all, costs 170; the
# grey pixels alone cost 144, their entropy, and no model costs less. The second line says how far a
# face is from the nearest face of the data: 0.1 if `draw_faces` draws it, 0.5 if the VAE does, and
# 2.0 if it is the mean face. The VAE is good, and not perfect.


def cross_entropy(x, p):
    return -np.mean(np.sum(x * np.log(p) + (1 - x) * np.log(1 - p), axis=1))


def distance_to_data(images):
    return np.mean([np.min(np.linalg.norm(X - image, axis=1)) for image in images])


mean_face = X.mean(axis=0)
floor, loss, ceiling = cross_entropy(X, X), np.mean(losses[-400:]), cross_entropy(X, mean_face)
print(f"nats: floor {floor:.1f}, VAE {loss:.1f}, mean face {ceiling:.1f}")
assert floor < loss < ceiling - 15
near, new, far = (distance_to_data(images) for images in (draw_faces(60, rng), faces, [mean_face]))
print(f"distance: data {near:.2f}, VAE {new:.2f}, mean face {far:.2f}")
assert near < new < far / 2

# %% Is every gradient right?
# ? All gradients were written by hand. How would you find one that is wrong, with the loss alone?
# The gradient along a random direction must be the slope of the loss along it, which a difference
# quotient takes from the loss alone. You should see two numbers that agree to six digits or more.

x, eps, h = X[:50], rng.standard_normal((50, 2)), 1e-6
direction = {name: rng.standard_normal(value.shape) for name, value in params.items()}
above = {name: value + h * direction[name] for name, value in params.items()}
below = {name: value - h * direction[name] for name, value in params.items()}
slope = (loss_and_grads(above, x, eps)[0] - loss_and_grads(below, x, eps)[0]) / (2 * h)
grads = loss_and_grads(params, x, eps)[1]
by_hand = sum(np.sum(grads[name] * direction[name]) for name in params)
print(f"slope {slope:.6f}, by hand {by_hand:.6f}")
assert abs(by_hand - slope) < 1e-6 * abs(slope)

# %% Does minivae agree?
# Only this cell imports minivae. Its VAE takes the page's weights, and both see the same images and
# the same noise. You should see that the loss, every gradient, and the weights after 100 steps of
# Adam differ by rounding alone. (A backward pass or an optimizer that is wrong differs far more.)

import minivae as mv

vae = mv.VAE(576, 2, hidden=[64])
names = dict(zip(params, vae.params, strict=True))  # {"W1": "encoder.0.W", ...}
for name, value in params.items():
    vae.params[names[name]][...] = value


def largest_difference(ours, library):
    differences = {name: np.abs(ours[name] - library[names[name]]) for name in ours}
    return max(np.max(differences[name]) / np.max(np.abs(ours[name])) for name in ours)


loss, grads = loss_and_grads(params, x, eps)
library_losses, library_grads = vae.loss_and_grads(x, eps=eps)
of_loss = abs(loss / library_losses["loss"] - 1)
of_grads = largest_difference(grads, library_grads)

adam = mv.Adam(5e-3)
m, v = dict.fromkeys(params, 0.0), dict.fromkeys(params, 0.0)
for t in range(1, 101):
    x, eps = X[rng.integers(4000, size=50)], rng.standard_normal((50, 2))
    adam_step(params, loss_and_grads(params, x, eps)[1], m, v, t)
    adam.step(vae.params, vae.loss_and_grads(x, eps=eps)[1])
of_weights = largest_difference(params, vae.params)

print(f"loss {of_loss:.0e}, gradients {of_grads:.0e}, weights {of_weights:.0e}")
assert of_loss < 1e-12
assert of_grads < 1e-12
assert of_weights < 1e-12
