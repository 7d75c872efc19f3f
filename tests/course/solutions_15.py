import numpy as np


def s(a):
    return 1 / (1 + np.exp(-a))


def cut(a):
    n = a.shape[1] // 3
    return a[:, :n], a[:, n : 2 * n], a[:, 2 * n :]


def gru_step(x, h, W_x, W_h, b_x, b_h):
    (xr, xu, xn), (hr, hu, hn) = cut(x @ W_x + b_x), cut(h @ W_h + b_h)
    r, u = s(xr + hr), s(xu + hu)
    return (1 - u) * np.tanh(xn + r * hn) + u * h


def gru_step_backward(x, h, W_x, W_h, b_x, b_h, dy):
    (xr, xu, xn), (hr, hu, hn) = cut(x @ W_x + b_x), cut(h @ W_h + b_h)
    r, u = s(xr + hr), s(xu + hu)
    n = np.tanh(xn + r * hn)
    da_n = dy * (1 - u) * (1 - n**2)
    da_r = da_n * hn * r * (1 - r)
    da_u = dy * (h - n) * u * (1 - u)
    dx = np.hstack([da_r, da_u, da_n]) @ W_x.T
    return dx, np.hstack([da_r, da_u, da_n * r]) @ W_h.T + dy * u


def teacher_forcing(tokens, n_tokens, lag):
    past = np.zeros((*tokens.shape, n_tokens))
    past[:, lag:] = np.eye(n_tokens)[tokens[:, :-lag]]
    return past


SOLUTIONS = {f.__name__: f for f in (gru_step, gru_step_backward, teacher_forcing)}


def turns_the_blend(x, h, W_x, W_h, b_x, b_h):
    (xr, xu, xn), (hr, hu, hn) = cut(x @ W_x + b_x), cut(h @ W_h + b_h)
    r, u = s(xr + hr), s(xu + hu)
    return u * np.tanh(xn + r * hn) + (1 - u) * h


def exchanges_the_gates(x, h, W_x, W_h, b_x, b_h):
    (xu, xr, xn), (hu, hr, hn) = cut(x @ W_x + b_x), cut(h @ W_h + b_h)
    r, u = s(xr + hr), s(xu + hu)
    return (1 - u) * np.tanh(xn + r * hn) + u * h


def resets_in_front(x, h, W_x, W_h, b_x, b_h):
    (xr, xu, xn), (hr, hu, _) = cut(x @ W_x + b_x), cut(h @ W_h + b_h)
    r, u = s(xr + hr), s(xu + hu)
    hn = cut((r * h) @ W_h + b_h)[2]
    return (1 - u) * np.tanh(xn + hn) + u * h


def leaves_the_bias_outside(x, h, W_x, W_h, b_x, b_h):
    (xr, xu, xn), (hr, hu, hn) = cut(x @ W_x + b_x), cut(h @ W_h + b_h)
    r, u = s(xr + hr), s(xu + hu)
    b = cut(b_h[None])[2]
    return (1 - u) * np.tanh(xn + r * (hn - b) + b) + u * h


def forgets_to_reset(x, h, W_x, W_h, b_x, b_h):
    (_, xu, xn), (_, hu, hn) = cut(x @ W_x + b_x), cut(h @ W_h + b_h)
    u = s(xu + hu)
    return (1 - u) * np.tanh(xn + hn) + u * h


def forgets_r_on_the_way_back(x, h, W_x, W_h, b_x, b_h, dy):
    (xr, xu, xn), (hr, hu, hn) = cut(x @ W_x + b_x), cut(h @ W_h + b_h)
    r, u = s(xr + hr), s(xu + hu)
    n = np.tanh(xn + r * hn)
    da_n = dy * (1 - u) * (1 - n**2)
    da = np.hstack([da_n * hn * r * (1 - r), dy * (h - n) * u * (1 - u), da_n])
    return da @ W_x.T, da @ W_h.T + dy * u


def forgets_the_blend(x, h, W_x, W_h, b_x, b_h, dy):
    (_, xu, _), (_, hu, _) = cut(x @ W_x + b_x), cut(h @ W_h + b_h)
    dx, dh = gru_step_backward(x, h, W_x, W_h, b_x, b_h, dy)
    return dx, dh - dy * s(xu + hu)


def multiplies_with_h(x, h, W_x, W_h, b_x, b_h, dy):
    (xr, xu, xn), (hr, hu, hn) = cut(x @ W_x + b_x), cut(h @ W_h + b_h)
    r, u = s(xr + hr), s(xu + hu)
    n = np.tanh(xn + r * hn)
    da_n = dy * (1 - u) * (1 - n**2)
    da_r, da_u = da_n * h * r * (1 - r), dy * (h - n) * u * (1 - u)
    dx = np.hstack([da_r, da_u, da_n]) @ W_x.T
    return dx, np.hstack([da_r, da_u, da_n * r]) @ W_h.T + dy * u


def forgets_tanh_s_slope(x, h, W_x, W_h, b_x, b_h, dy):
    (xr, xu, xn), (hr, hu, hn) = cut(x @ W_x + b_x), cut(h @ W_h + b_h)
    r, u = s(xr + hr), s(xu + hu)
    n = np.tanh(xn + r * hn)
    da_n = dy * (1 - u)
    da_r, da_u = da_n * hn * r * (1 - r), dy * (h - n) * u * (1 - u)
    dx = np.hstack([da_r, da_u, da_n]) @ W_x.T
    return dx, np.hstack([da_r, da_u, da_n * r]) @ W_h.T + dy * u


def sees_itself(tokens, n_tokens, lag):
    return np.eye(n_tokens)[tokens]


def sees_the_future(tokens, n_tokens, lag):
    past = np.zeros((*tokens.shape, n_tokens))
    past[:, :-lag] = np.eye(n_tokens)[tokens[:, lag:]]
    return past


def rolls(tokens, n_tokens, lag):
    return np.roll(np.eye(n_tokens)[tokens], lag, axis=1)


def starts_with_token_0(tokens, n_tokens, lag):
    start = np.zeros((len(tokens), lag), int)
    return np.eye(n_tokens)[np.hstack([start, tokens[:, :-lag]])]


def takes_the_lag_for_1(tokens, n_tokens, lag):
    return teacher_forcing(tokens, n_tokens, 1)


WRONG = [
    ("gru_step", turns_the_blend, "u keeps the old state"),
    ("gru_step", exchanges_the_gates, "r and u are exchanged"),
    ("gru_step", resets_in_front, "not h before it"),
    ("gru_step", leaves_the_bias_outside, "inside the brackets"),
    ("gru_step", forgets_to_reset, "the reset gate is missing"),
    ("gru_step_backward", forgets_r_on_the_way_back, "the factor r is missing"),
    ("gru_step_backward", forgets_the_blend, "u dy is missing"),
    ("gru_step_backward", multiplies_with_h, "not h itself"),
    ("gru_step_backward", forgets_tanh_s_slope, "the slope of tanh is missing"),
    ("teacher_forcing", sees_itself, "sees its own token"),
    ("teacher_forcing", sees_the_future, "sees a later token"),
    ("teacher_forcing", rolls, "comes round"),
    ("teacher_forcing", starts_with_token_0, "not token 0"),
    ("teacher_forcing", takes_the_lag_for_1, "the lag is not 1"),
]
