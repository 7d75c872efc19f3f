"""A second table of mistakes, written by hand: what students do to the solutions, line by line.

No rule of `course.planted` makes these. Each row is a part, a kind of `KINDS`, a function, what is
right in it, and what the student writes instead; ``;`` stands for a new line. The words behind a
bar must stand in the name of the mistake, in the place of those of its kind.
``PYTHONPATH=tests:. python tests/course/students.py`` prints what becomes of each.
"""

import ast
import importlib
import inspect
import re
import sys
import textwrap
from collections import Counter

from course.planted import KINDS, Planted, verdict_on

KINDS |= {
    "variable": r"stands where|missing|too many|order|exchanged",
    "number": r"number|2|half|twice|factor|power|constant|missing",
    "line": r"missing|line|too late|term|factor|stands where|order|every|changed|centr|never",
    "function": r"belongs|too much|missing|where|one number|exp|log|slope|row to row",
}

TABLE = """
01 variable dense_forward  x @ W + b => x @ W + x.mean()
01 batch dense_forward  x @ W + b => (x @ W + b) / len(x)
01 axis dense_forward  x @ W + b => x @ W + b.sum()
01 batch dense_backward  dy.sum(axis=0) => dy.sum(axis=0) / dy.shape[1]
01 variable dense_backward  dy @ W.T, => (dy - b) @ W.T,
01 axis dense_backward  dy.sum(axis=0) => dy.sum(axis=0, keepdims=True)
01 axis dense_backward  dy.sum(axis=0) => x.sum(axis=0)
01 batch mean_squared_error_backward  / len(x) => / target.size | averaged over the outputs
01 variable mean_squared_error_backward  dense_forward(x, W, b) - target => dense_forward(x, W, b) - x
01 number mean_squared_error_backward  2 * ( => 0.7 * (
01 line mean_squared_error_backward  dense_backward(x, W, b, dy) => dense_backward(x, W, b, target)
02 number central_difference  / (2 * h) => / h ** 2
02 line central_difference  x[i] = before; return => pass; return
02 line central_difference  x[i] = before - h => x[i] -= h
02 variable central_difference  above - f(x) => above - before
02 function relative_error  np.maximum( => np.minimum(
02 function relative_error  np.abs(analytic - numeric) => (analytic - numeric)
02 number relative_error  where=larger > 0 => where=larger > 1
02 variable relative_error  np.abs(analytic), np.abs(numeric) => np.abs(analytic), np.abs(analytic) | one of the two alone
02 function complex_step  .imag => .real | the real part
02 number complex_step  .imag / h => .imag / (2 * h)
02 line complex_step  moved[i] += 1j * h => moved[i] = 1j * h
02 line complex_step  moved[i] += 1j * h => moved += 1j * h
03 variable momentum_step  theta + v, v => theta - lr * g, v
03 number momentum_step  mu * v - lr * g => mu * v - (1 - mu) * lr * g | an average
03 variable momentum_step  theta + v, v => theta + mu * v, v
03 line momentum_step  v = mu * v - lr * g => v = mu * v - g
03 number adam_step  1 - 0.9 ** t => 1 - 0.9 ** (t + 1)
03 number adam_step  0.999 * v + 0.001 => 0.99 * v + 0.01
03 variable adam_step  , m, v) => , m_hat, v_hat) | the corrected moments
03 variable adam_step  lr * m_hat => lr * m
03 function adam_step  np.sqrt(v_hat) + 1e-08 => np.sqrt(v_hat + 1e-08) | inside the root
03 variable adam_step  0.1 * g => 0.1 * theta
03 variable linear_autoencoder_gradients  z.T @ dx_hat => x.T @ dx_hat
03 batch linear_autoencoder_gradients  / len(x) => / x.size
03 variable linear_autoencoder_gradients  dx_hat @ W_d.T => dx_hat @ W_e | not dx_hat @ W_e
03 number linear_autoencoder_gradients  2 * ( => 1 * (
04 centring pca_reconstruct  (X - mean) @ => X @
04 number pca_reconstruct  [:, -k:] => [:, :k] | smallest variance
04 function pca_reconstruct  rowvar=False => rowvar=True
04 axis pca_reconstruct  X.mean(axis=0) => X.mean()
04 variable autoencoder_gradients  z.T @ dx_hat => X.T @ dx_hat
04 batch autoencoder_gradients  / len(X) => / X.shape[1] | a wrong number: `1`
04 variable autoencoder_gradients  dx_hat @ W_d.T => dx_hat @ W_e | does not pass through the decoder
04 function largest_angle  cosines.min() => cosines.max() | the smallest angle
04 function largest_angle  np.arccos( => np.arcsin(
04 number largest_angle  cosines.min() => cosines[0] | the smallest angle
04 function largest_angle  cosines.min() => cosines.mean()
05 line relu_weights  prepend=0 => append=0
05 line relu_weights  np.diff(values) / np.diff(knots) => np.diff(values) | distance of the knots
05 function relu_weights  np.diff(np.diff(values) / np.diff(knots), prepend=0) => np.diff(values) / np.diff(knots)
05 variable denoising_map  + s2 * np.eye(len(S)), S) => + s2 * np.eye(len(S)), np.eye(len(S)))
05 batch denoising_map  / len(X) => / (len(X) - 1)
05 number denoising_map  s2 * np.eye => s2 ** 2 * np.eye
05 function denoising_map  np.linalg.solve(S + s2 * np.eye(len(S)), S) => S @ (S + s2 * np.eye(len(S)))
05 variable denoising_gradients  noisy.T @ da => x.T @ da | dW_e uses x
05 variable denoising_gradients  np.tanh(noisy @ W_e => np.tanh(x @ W_e
05 variable denoising_gradients  (z @ W_d + b_d - x) => (z @ W_d + b_d - noisy) | target is the clean
05 function denoising_gradients  (1 - z ** 2) => z * (1 - z)
05 line denoising_gradients  dx_hat @ W_d.T * (1 - z ** 2) => dx_hat @ W_d.T
06 variable coin_posterior  a if toss else b => b if toss else a
06 number coin_posterior  / (a + b) => / (a + b + 1)
06 variable coin_posterior  (a + toss, b + 1 - toss) => (a + toss, b + toss)
06 function coin_posterior  += np.log((a if toss else b) / (a + b)) => += (a if toss else b) / (a + b)
06 line coin_posterior  log_evidence += np.log => log_evidence = np.log
06 function metropolis_step  np.log(u) < log_p_proposal - log_p_z => u < log_p_proposal - log_p_z | take log u
06 variable metropolis_step  log_p_proposal - log_p_z => log_p_z - log_p_proposal | upside down
06 variable metropolis_step  proposal, z) => proposal, u)
06 function metropolis_step  np.log(u) < log_p_proposal - log_p_z => np.log(u) < log_p_proposal / log_p_z
06 number elbo  2 * np.pi * noise_variance => 2 * np.pi
06 variable elbo  squared / noise_variance => squared
06 variable elbo  w ** 2 * np.exp(log_var) => np.exp(log_var)
06 number elbo  0.5 * (mu ** 2 => 1.0 * (mu ** 2
07 variable reparameterize_backward  * eps * dz => * eps
07 variable reparameterize_backward  (dz, => (mu * dz,
07 function reparameterize_backward  np.exp(0.5 * log_var) => log_var
07 variable every_gradient  v['h'].T @ d['dmu'] => v['h'].T @ d['dz']
07 variable every_gradient  (1 - v['h'] ** 2) => (1 - v['h'])
07 variable every_gradient  v['sigma'] / 2 => v['sigma'] ** 2 / 2
07 line every_gradient  / (2 * n) => / 2
07 variable code_loss_backward  (z - target) => (mu - target)
07 batch code_loss_backward  mu / len(mu) => mu
07 batch code_loss_backward  (np.exp(log_var) - 1) / len(mu) => (np.exp(log_var) - 1) / mu.size
07 number code_loss_backward  (z - target) / len(mu) => 2 * (z - target) / len(mu)
07 variable score_function_gradient  f_values * e / sigma) => e / sigma)
07 variable score_function_gradient  (z - mu) / sigma => (z - mu) / sigma ** 2
07 centring score_function_gradient  np.mean(f_values * e / sigma) => np.mean((f_values - f_values.mean()) * e / sigma)
07 number score_function_gradient  (e ** 2 - 1) => (e ** 2 - sigma)
08 axis vae_loss  - x * logits, axis=1) => - x * logits, axis=1) / x.shape[1]
08 variable vae_loss  np.logaddexp(0, logits) - x * logits => np.logaddexp(0, logits) - logits
08 number vae_loss  axis=1) / 2 => axis=1)
08 function vae_loss  np.logaddexp(0, logits) => np.log(np.exp(logits))
08 line vae_loss  np.mean(reconstruction + kl) => np.mean(reconstruction) + kl.sum()
08 function manifold_codes  stats.norm.ppf( => stats.norm.cdf( | inverse is needed
08 line manifold_codes  z[::-1] for z1 => z for z1 | the top of the map
08 variable manifold_codes  [z1, z2] => [z2, z1] | swapped
08 variable manifold_codes  low, high, n => low, high, n + 1
08 function slerp  np.arccos(u @ v) => np.arcsin(u @ v)
08 variable slerp  np.arccos(u @ v) => np.arccos(a @ b) | divide by the norms
08 variable slerp  (1 - t) * norm_a + t * norm_b => norm_a
08 line slerp  / np.sin(w) => / w
08 variable slerp  np.sin((1 - t) * w) * u + np.sin(t * w) * v => np.sin(t * w) * u + np.sin((1 - t) * w) * v
09 variable translate_weight  w * n_features / 2) => w / 2)
09 number translate_weight  / (2 * s2) => / (2 * s2 ** 2)
09 variable translate_weight  / (2 * s2) => * s2 / 2 | not divided
09 axis kl_of_each_code  axis=0 => axis=1
09 function kl_of_each_code  np.mean( => np.median(
09 number kl_of_each_code  axis=0) / 2 => axis=0) / 4
09 number kl_of_each_code  np.exp(log_var) - 1 => np.exp(2 * log_var) - 1
09 variable rate_and_error  t = beta * s2 => t = s2 | level is beta s2
09 variable rate_and_error  t = beta * s2 => t = s2 / beta | not s2 / beta
09 function rate_and_error  np.log( => np.log2(
09 function rate_and_error  np.minimum(variances, t) => np.maximum(variances, t)
10 number fit_ppca  lam[:-k].mean() => lam[:k].mean()
10 function fit_ppca  lam[:-k].mean() => lam[:-k].sum() | should be their mean
10 divisor fit_ppca  bias=True => ddof=1
10 variable fit_ppca  lam[-k:] - s2 => lam[-k:] | W is too long
10 line fit_ppca  W.T @ W + s2 * np.eye(len(lam)) => W.T @ W
10 centring posterior  (x - b).T => x.T
10 variable posterior  s2 * np.linalg.inv(M) => np.linalg.inv(M)
10 variable posterior  + s2 * np.eye(len(W)) => + np.eye(len(W)) | holds I in the place
10 function posterior  s2 * np.linalg.inv(M) => s2 * M
10 variable collapse  t = beta * s2 => t = beta
10 number collapse  0.5 * np.log(lam / t) => np.log(lam / t)
10 variable collapse  lam - t, => lam,
10 variable collapse  np.log(lam / t) => np.log(lam / s2)
11 variable kl_by_sampling  + z ** 2 => + mu ** 2
11 variable kl_by_sampling  (z - mu) ** 2 / np.exp(log_var) => (z - mu) ** 2
11 axis kl_by_sampling  np.mean(log_q - log_p) => np.sum(log_q - log_p)
11 sign kl_by_sampling  log_q - log_p => log_p - log_q
11 function clip_backward  & => |
11 variable clip_backward  dy * ( => x * (
11 line clip_backward  dy * ((x > -limit) & (x < limit)) => dy * (x < limit) | limit is forgotten
11 number adam_steps  t = i + 1 if power => t = i + 2 if power
11 variable adam_steps  (1 - beta1) * g => (1 - beta2) * g
11 variable adam_steps  learning_rate * m_hat => learning_rate * m | bias of m
11 function adam_steps  np.sqrt(v_hat) + epsilon => v_hat + epsilon | not divided by the root
11 line adam_steps  theta = theta - learning_rate => theta = -learning_rate
12 variable labelled_layer_backward  dy @ W[:n_latent].T => dy @ W[n_latent:].T
12 transpose labelled_layer_backward  row.T @ dy => dy.T @ row
12 variable labelled_layer_backward  [z, np.eye => [dy, np.eye
12 variable class_probabilities  a = log_p + log_prior => a = log_p
12 function class_probabilities  np.exp(a) / np.sum(np.exp(a), axis=1, keepdims=True) => a / np.sum(a, axis=1, keepdims=True)
12 axis class_probabilities  np.sum(np.exp(a), axis=1, keepdims=True) => np.sum(np.exp(a), axis=0, keepdims=True)
12 variable conditional_optimum  rest.T @ rest => X.T @ X | subtracted 0 times
12 number conditional_optimum  2 * np.pi => np.pi
12 variable conditional_optimum  np.mean(lam[n_latent:]) => np.mean(lam[:n_latent]) | the mean of what is kept
12 function conditional_optimum  np.mean(lam[n_latent:]) => np.sum(lam[n_latent:]) | s2 is a sum
13 variable frechet_distance  np.std(a, axis=0) - np.std(b, axis=0) => np.std(a, axis=0) - np.mean(b, axis=0)
13 function frechet_distance  np.sum(m ** 2) => np.sum(m) ** 2 | the sum of the differences is squared
13 function frechet_distance  np.std(a, axis=0) => np.var(a, axis=0)
13 number auroc  0.5 * ( => 1.0 * (
13 variable auroc  difference > 0 => difference < 0 | the other way round
13 function auroc  np.mean( => np.sum( | the sum over all pairs
13 variable bounds_from_weights  + top[:, 0] => - top[:, 0]
13 function bounds_from_weights  np.log(np.mean(np.exp(log_w - top), axis=1)) => np.mean(log_w - top, axis=1)
13 axis bounds_from_weights  np.mean(log_w, axis=1) => np.mean(log_w, axis=0)
15 variable gru_step  (1 - u) * np.tanh => (1 - r) * np.tanh
15 function gru_step  np.tanh(xn + r * hn) => s(xn + r * hn)
15 variable gru_step  s(xu + hu) => s(xu)
15 variable gru_step  cut(h @ W_h + b_h) => cut(h @ W_h + b_x)
15 variable gru_step_backward  * hn * r * (1 - r) => * hn * (1 - r)
15 variable gru_step_backward  dy * (h - n) => dy * (n - h)
15 variable gru_step_backward  + dy * u) => + dy)
15 variable gru_step_backward  da_n = dy * (1 - u) => da_n = dy * u
15 line gru_step_backward  da_u, da_n * r]) => da_u, da_n])
15 variable teacher_forcing  past[:, lag:] => past[:, :-lag]
15 variable teacher_forcing  tokens[:, :-lag] => tokens[:, lag:]
15 number teacher_forcing  np.zeros( => np.ones(
"""  # noqa: E501


def rows():
    """Yield the part and the mistake of each row."""
    for line in TABLE.strip().splitlines():
        row, _, words = line.partition(" | ")
        head, _, change = row.partition("  ")
        number, kind, name = head.split()
        before, after = (each.strip().replace("; ", "\n    ") for each in change.split(" => "))
        module = importlib.import_module(f"course.solutions_{number}")
        source = ast.unparse(ast.parse(textwrap.dedent(inspect.getsource(getattr(module, name)))))
        assert before in source, line
        at = source.index(before) + len(before.split("\n")[0])
        right = source[source.rfind("\n", 0, at) + 1 : source.find("\n", at) % (len(source) + 1)]
        if words:
            kind = words
            KINDS[kind] = re.escape(words)
        yield number, Planted(kind, name, source.replace(before, after, 1), right.strip())


def main(numbers):
    for number in numbers or sorted({number for number, _ in rows()}):
        verdicts = [(*verdict_on(each, number), each) for part, each in rows() if part == number]
        counts = Counter(verdict for verdict, _, _ in verdicts)
        n = counts.total() - counts["no difference"]
        print(f"{number}: {counts['named']}/{n} named, {counts['falsely']} falsely", flush=True)
        for verdict, mistake, each in verdicts:
            if verdict != "named":
                print(f"    {verdict}: {each.name}, {each.right} -> {mistake}")


if __name__ == "__main__":
    main(sys.argv[1:])
