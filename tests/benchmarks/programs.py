"""The programs that `step.py` times: each makes a step of training the 784-400-20 VAE, or a part.

Every one trains the same network on the same batch: float32, ReLU, Bernoulli, Adam with the
paper's constants, noise drawn anew at every step. Run as a program, this module is one worker: it
makes one step function, then for every line that it reads, a number of steps, takes so many and
prints the seconds of each, and the last loss.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from turns import serve

WIDTHS = [(784, 400), (400, 40), (20, 400), (400, 784)]
Step = Callable[[], float]


class NotHereError(Exception):
    """A program cannot run on this machine; the message says why."""


def batch_of(n: int) -> Any:
    """Return a batch in [0, 1] that is mostly black, as digits are."""
    rng = np.random.default_rng(0)
    x = rng.random((n, 784), dtype=np.float32)
    return np.where(x > 0.8, x, 0).astype(np.float32)


def weights() -> list[Any]:
    """Return W, b of each layer, as every program starts with them."""
    from minivae import VAE

    return [p.copy() for p in VAE(784, 20, hidden=(400,), dtype=np.float32, rng=0).params.values()]


def products(n: int, threads: int) -> Step:
    """The eleven matrix products of a step, into arrays that exist, and nothing else."""
    rng = np.random.default_rng(0)
    layers = []
    for n_in, n_out in WIDTHS:
        x, dy = (rng.standard_normal((n, width)).astype(np.float32) for width in (n_in, n_out))
        W = rng.standard_normal((n_in, n_out)).astype(np.float32)
        layers.append((x, dy, W, np.empty_like(x), np.empty_like(dy), np.empty_like(W)))

    def step() -> float:
        for x, _, W, _, y, _ in layers:
            np.matmul(x, W, out=y)
        for i, (x, dy, W, dx, _, dW) in enumerate(layers):
            np.matmul(x.T, dy, out=dW)
            if i > 0:  # the data's gradient is not needed
                np.matmul(dy, W.T, out=dx)
        return float("nan")

    return step


def minivae(n: int, threads: int) -> Step:
    """Our own step."""
    from minivae import VAE, Adam

    model, optimizer = VAE(784, 20, hidden=(400,), dtype=np.float32, rng=0), Adam()
    x, rng = batch_of(n), np.random.default_rng(0)

    def step() -> float:
        losses, grads = model.loss_and_grads(x, rng=rng)
        optimizer.step(model.params, grads)
        return float(losses["loss"])

    return step


def adam(n: int, threads: int) -> Step:
    """Our own pass of Adam over the parameters, alone."""
    from minivae import VAE, Adam

    model, optimizer = VAE(784, 20, hidden=(400,), dtype=np.float32, rng=0), Adam()
    _, grads = model.loss_and_grads(batch_of(n), rng=0)

    def step() -> float:
        optimizer.step(model.params, grads)
        return float("nan")

    return step


def plain_c(n: int, threads: int) -> Step:
    """The step of `step.c`, over the BLAS that NumPy brings, or else the system's."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NotHereError("no C compiler is found")
    gemm, integer = _sgemm()
    source = Path(__file__).with_name("step.c")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "step.so"
        flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC", f"-DINT={integer}"]
        subprocess.run([compiler, *flags, str(source), "-o", str(library), "-lm"], check=True)
        run = ctypes.CDLL(str(library)).vae_step
    run.restype = ctypes.c_float
    theta = np.concatenate([p.ravel() for p in weights()])
    g, M, V = np.zeros((3, theta.size), np.float32)
    x, rng, work = batch_of(n), np.random.default_rng(0), np.empty(n * 2084, np.float32)
    eps, t = np.empty((n, 20), np.float32), 0
    size = ctypes.c_int64 if integer == "int64_t" else ctypes.c_int
    arrays = x, eps, theta, g, M, V, work
    places = [ctypes.c_void_p(array.ctypes.data) for array in arrays]

    def step() -> float:
        nonlocal t
        t += 1
        rng.standard_normal(dtype=np.float32, out=eps)
        return float(run(gemm, size(n), *places, ctypes.c_int(t)))

    step.arrays = arrays  # type: ignore[attr-defined]  # C knows their places alone
    return step


def _sgemm() -> tuple[ctypes.c_void_p, str]:
    """Return the address of a BLAS's cblas_sgemm, and the type of its integers."""
    folder = Path(np.__file__).parents[1] / "numpy.libs"
    for path in folder.glob("*openblas*"):
        for name, integer in (("scipy_cblas_sgemm64_", "int64_t"), ("cblas_sgemm64_", "int64_t")):
            if hasattr(ctypes.CDLL(str(path)), name):
                function = getattr(ctypes.CDLL(str(path)), name)
                return ctypes.cast(function, ctypes.c_void_p), integer
    for name in ("openblas", "cblas", "blas"):
        path = ctypes.util.find_library(name)
        if path and hasattr(ctypes.CDLL(path), "cblas_sgemm"):
            return ctypes.cast(ctypes.CDLL(path).cblas_sgemm, ctypes.c_void_p), "int"
    raise NotHereError("no library with cblas_sgemm is found")


def _torch_step(n: int, threads: int, *, fused: bool = False, compiled: bool = False) -> Step:
    try:
        import torch
    except ImportError:
        raise NotHereError("torch is not installed") from None
    torch.set_num_threads(threads)
    layers = [torch.nn.Linear(*width) for width in WIDTHS]
    for layer, W, b in zip(layers, *(iter(weights()),) * 2, strict=False):
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(W.T))
            layer.bias.copy_(torch.from_numpy(b))
    x = torch.from_numpy(batch_of(n))

    def loss_of(x: Any, eps: Any) -> Any:
        mu, raw = layers[1](torch.relu(layers[0](x))).chunk(2, dim=1)
        log_var = 20 * torch.tanh(raw / 20)
        z = mu + torch.exp(0.5 * log_var) * eps
        out = layers[3](torch.relu(layers[2](z)))
        bce = torch.nn.functional.binary_cross_entropy_with_logits(out, x, reduction="sum")
        return (bce + 0.5 * (mu * mu + torch.expm1(log_var) - log_var).sum()) / len(x)

    if compiled:
        if shutil.which("g++") is None:
            raise NotHereError("torch.compile needs a C++ compiler")
        loss_of = torch.compile(loss_of)
    parameters = [p for layer in layers for p in layer.parameters()]
    optimizer = torch.optim.Adam(parameters, fused=fused)

    def step() -> float:
        optimizer.zero_grad()
        loss = loss_of(x, torch.randn(n, 20))
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


def torch_eager(n: int, threads: int) -> Step:
    """Torch as its tutorials write it."""
    return _torch_step(n, threads)


def torch_fused(n: int, threads: int) -> Step:
    """Torch with its fused Adam."""
    return _torch_step(n, threads, fused=True)


def torch_compiled(n: int, threads: int) -> Step:
    """Torch with its fused Adam, the loss compiled."""
    return _torch_step(n, threads, fused=True, compiled=True)


def jax_jit(n: int, threads: int) -> Step:
    """JAX, the whole step in one compiled function whose buffers are donated."""
    if threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    try:
        import jax
        from jax import numpy as jnp
    except ImportError:
        raise NotHereError("jax is not installed") from None

    def loss_of(params: Any, x: Any, eps: Any) -> Any:
        W1, b1, W2, b2, W3, b3, W4, b4 = params
        mu, raw = jnp.split(jax.nn.relu(x @ W1 + b1) @ W2 + b2, 2, axis=1)
        log_var = 20 * jnp.tanh(raw / 20)
        z = mu + jnp.exp(0.5 * log_var) * eps
        out = jax.nn.relu(z @ W3 + b3) @ W4 + b4
        bce = jnp.sum(jnp.maximum(out, 0) - x * out + jnp.log1p(jnp.exp(-jnp.abs(out))))
        return (bce + 0.5 * jnp.sum(mu * mu + jnp.expm1(log_var) - log_var)) / len(x)

    def update(state: Any, x: Any) -> Any:
        params, M, V, t, key = state
        t, (key, now) = t + 1, jax.random.split(key)
        loss, g = jax.value_and_grad(loss_of)(params, x, jax.random.normal(now, (len(x), 20)))
        M = [0.9 * m + 0.1 * d for m, d in zip(M, g, strict=True)]
        V = [0.999 * v + 0.001 * d * d for v, d in zip(V, g, strict=True)]
        c1, c2 = 1 - 0.9**t, 1 - 0.999**t
        moved = [
            p - 1e-3 * (m / c1) / (jnp.sqrt(v / c2) + 1e-8)
            for p, m, v in zip(params, M, V, strict=True)
        ]
        return (moved, M, V, t, key), loss

    params = [jnp.asarray(p) for p in weights()]
    zeros = [[jnp.zeros_like(p) for p in params] for _ in range(2)]
    state: Any = (params, *zeros, jnp.float32(0), jax.random.key(0))
    compiled, x = jax.jit(update, donate_argnums=0), jnp.asarray(batch_of(n))

    def step() -> float:
        nonlocal state
        state, loss = compiled(state, x)
        return float(loss)

    return step


PROGRAMS: dict[str, Callable[[int, int], Step]] = {
    "the eleven products": products,
    "minivae": minivae,
    "its Adam alone": adam,
    "plain C": plain_c,
    "torch": torch_eager,
    "torch, fused Adam": torch_fused,
    "torch.compile": torch_compiled,
    "JAX jit": jax_jit,
}


def work(name: str, n: int, threads: int, clock: Callable[[], float]) -> None:
    """Answer every line on the standard input, a number of steps, with the seconds of each."""
    try:
        step = PROGRAMS[name](n, threads)
        for _ in range(5):  # compiles, fills caches
            step()
    except NotHereError as error:
        print(f"not here: {error}", flush=True)
        return
    serve(step, clock)


if __name__ == "__main__":
    clocks = {"wall": time.perf_counter, "cpu": time.process_time}
    work(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), clocks[sys.argv[4]])
