"""Ways to be wrong in the scores of models that disagree."""

from breaks import rewrite
from minivae.diagnostics import disagreement as scores

NORMAL = "weight-scores-of-a-normal"

BREAKS = [
    (NORMAL, rewrite(scores.effective_models, "2 * log_w", "log_w")),
    (NORMAL, rewrite(scores._log_weights, "log_p - ", "log_p - 0.1 - ")),
    (NORMAL, rewrite(scores._information, "np.exp(log_w) * log_w", "log_w / len(log_p)")),
    (NORMAL, rewrite(scores._waic, "- np.mean", "+ np.mean")),
    (NORMAL, rewrite(scores._expected_likelihood, "np.log(len(log_p)) -", "-")),
    (NORMAL, rewrite(scores._variance, "np.var(", "np.std(")),
]
