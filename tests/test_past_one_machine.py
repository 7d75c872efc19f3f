"""The README's examples for other engines, word for word, where those are installed."""

import os
import re
import signal
import warnings
from pathlib import Path

import numpy as np
import pytest

from minivae import VAE, Adam

README = Path(__file__).parents[1] / "README.md"


def example(name, **names):
    """Return the names that an example of the README defines."""
    text = README.read_text(encoding="utf-8")
    (code,) = re.findall(rf"<!-- {name} -->\n```python\n(.*?)```", text, re.DOTALL)
    exec(code, names)
    return names


@pytest.fixture
def client():
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
        with (
            distributed.LocalCluster(**options, silence_logs=50) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client


@pytest.mark.filterwarnings("ignore")
def test_dask_trains_as_one_machine_does_and_survives_a_lost_worker(client):
    step = example("dask", np=np)["step"]
    x, rng = np.random.default_rng(0).random((50, 6)), np.random.default_rng(1)
    (alone, adam), (spread, other) = [(VAE(6, 2, hidden=(5,), rng=0), Adam()) for _ in range(2)]
    lost = set(client.run(os.getpid).values())
    for i in range(12):
        eps = rng.standard_normal((50, 2))
        losses, grads = alone.loss_and_grads(x, eps=eps)
        adam.step(alone.params, grads)
        if i == 6:
            os.kill(min(lost), signal.SIGKILL)
        assert step(client, spread, other, x, eps, 3) == pytest.approx(losses["loss"], rel=1e-12)
    for name, value in alone.params.items():
        np.testing.assert_allclose(spread.params[name], value, rtol=1e-10, atol=1e-13)
    client.wait_for_workers(2, timeout=60)
    assert set(client.run(os.getpid).values()) != lost  # it really was lost


def test_the_weights_go_into_torch():
    torch = pytest.importorskip("torch")
    in_torch = example("torch", torch=torch)["in_torch"]
    model, rng = VAE(12, 3, hidden=(8, 6), dtype=np.float32, rng=0), np.random.default_rng(0)
    x = rng.random((20, 12), dtype=np.float32)
    model.fit(x, epochs=5, batch_size=5, rng=0)
    for network, inputs in (
        (model.encoder, x),
        (model.decoder, rng.standard_normal((20, 3), dtype=np.float32)),
    ):
        y = in_torch(network)(torch.from_numpy(inputs)).detach().numpy()
        np.testing.assert_allclose(y, network.forward(inputs), rtol=0, atol=1e-6)
