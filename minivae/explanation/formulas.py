"""The formula of every line of a pass, by the name that the code gives it."""

from __future__ import annotations

from typing import Any

from minivae.models.objectives import ImportanceWeighted, Reconstruction
from minivae.models.regularizers import SparseCode
from minivae.nn.activations import LeakyReLU, ReLU, Sigmoid, Softplus, Tanh
from minivae.nn.layers import Dense

LINES = {
    "x": "the data",
    "target": "what is asked for",
    "h": "encoder(x)",
    "log_var": "20 tanh(raw / 20)",
    "sigma": "e^(log_var / 2)",
    "eps": "noise from N(0, 1)",
    "z": "mu + sigma * eps",
    "out": "decoder(z)",
    "kl": "(mu^2 + sigma^2 - log_var - 1)/2",
    "log_ratio": "sum(eps^2 + log_var - z^2)/2",
    "dz_ratio": "-dlog_ratio * z",
    "dlog_var_ratio": "dlog_ratio / 2",
    "dmu_kl": "dkl * mu",
    "dlog_var_kl": "dkl * (sigma^2 - 1) / 2",
    "dz": "decoder.0.dx",
    "dsigma": "dz * eps",
    "deps": "dz * sigma",
    "dmu": "dz + dmu_kl",
    "dlog_var_z": "dsigma * sigma / 2",
    "dlog_var": "dlog_var_z + dlog_var_kl",
    "d_raw": "dlog_var * (1 - tanh(raw / 20)^2)",
    "dh": "[dmu, d_raw]",
    "dh_kl": "[dmu_kl, d_raw of dlog_var_kl]",
    "dx_kl": "encoder.backward(dh_kl)",
}
# by name of likelihood: log_prob, dout
LIKELIHOODS = {
    "bernoulli": ("sum(x out - log(1 + e^out))", "dlog_prob (x - sigmoid(out))"),
    "continuous_bernoulli": ("sum(x out - log((e^out - 1)/out))", "dlog_prob (x - mean(out))"),
    "gaussian": ("log N(x; mean, variance)", "dlog_prob dlog N/dout"),
    "squared_error": ("-sum((x - out)^2)", "dlog_prob 2 (x - out)"),
}
# by kind of layer: y, the gradient with respect to each parameter, dx
LAYERS: dict[type, tuple[str, dict[str, str], str]] = {
    Dense: ("x @ W + b", {"W": "x.T @ dy", "b": "sum_n dy"}, "dy @ W.T"),
    Tanh: ("tanh(x)", {}, "dy (1 - y^2)"),
    ReLU: ("max(x, 0)", {}, "dy where y > 0, else 0"),
    LeakyReLU: ("max(x, slope x)", {}, "dy where x > 0, else slope dy"),
    Sigmoid: ("1 / (1 + e^-x)", {}, "dy y (1 - y)"),
    Softplus: ("log(1 + e^x)", {}, "dy / (1 + e^-x)"),
}
UNKNOWN: tuple[str, dict[str, str], str] = ("forward(x)", {}, "backward(dy)")


def formulas_of(model: Any, beta: float) -> dict[str, str]:
    """Return the formulas of a model's lines; what its objective does not use has none."""
    log_prob, dout = LIKELIHOODS.get(
        model.likelihood.name, ("log p(x | out)", "by log_prob_backward")
    )
    k = model.n_latent
    formulas = LINES | {"log_prob": log_prob, "dout": dout, "dlog_prob": "-1 / n"}
    formulas |= {"mu": f"h[:, :{k}]", "raw": f"h[:, {k}:]"}
    if isinstance(model.objective, Reconstruction):
        if isinstance(model.regularizer, SparseCode):
            formulas["dz_penalty"] = "l1 sign(z) / n"
            formulas["dz"] = "decoder.0.dx + dz_penalty"
        return formulas | {"z": "encoder(x)", "loss": "-mean(log_prob)"}
    if isinstance(model.objective, ImportanceWeighted):
        share = "-softmax(log_prob + log_ratio) / n"
        formulas |= {"loss": "-mean(log mean e^(log_prob + log_ratio))"}
        formulas |= {"dlog_prob": share, "dlog_ratio": share, "dz": "decoder.0.dx + dz_ratio"}
        formulas |= {"dmu": "dz", "dlog_var": "dlog_var_z + dlog_var_ratio"}
        unused: tuple[str, ...] = ("dkl", "dmu_kl", "dlog_var_kl", "dh_kl", "dx_kl")
    else:
        floor = model.objective.free_nats
        counted = "sum(kl)" if floor == 0 else f"max(kl, {floor})"
        formulas["loss"] = f"-mean(log_prob) + {beta:g} mean({counted})"
        formulas["dkl"] = f"{beta:g} / n" if floor == 0 else f"{beta:g} / n where kl > {floor}"
        unused = ("log_ratio", "dlog_ratio", "dz_ratio", "dlog_var_ratio")
    return {name: formula for name, formula in formulas.items() if name not in unused}
