"""Write ``torch_state.npz``: ten steps of Adam on a small VAE, as torch takes them in float64.

Run it as ``python tests/models/torch_state.py``, which needs torch. The file holds the images, the
noise of each step, the parameters before the first, their twelve gradients there, the loss of each
step, and the parameters after the last. torch finds its gradients by itself.
"""

from pathlib import Path

import numpy as np
import torch

WIDTHS = [(12, 8), (8, 6), (6, 6), (3, 6), (6, 8), (8, 12)]  # 3 latents; the code is mu, raw
NAMES = [f"{part}.{i}" for part in ("encoder", "decoder") for i in (0, 2, 4)]


def main() -> None:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    x, eps = torch.rand(5, 12), torch.randn(10, 5, 3)
    layers = [torch.nn.Linear(*width) for width in WIDTHS]
    optimizer = torch.optim.Adam([p for layer in layers for p in layer.parameters()], lr=0.01)

    def network(layers, a):
        for layer in layers[:-1]:
            a = torch.relu(layer(a))
        return layers[-1](a)

    def arrays(of):
        pairs = ((name, layer) for name, layer in zip(NAMES, layers, strict=True))
        return {
            f"{name}.{key}": of(value).detach().numpy().T.copy()
            for name, layer in pairs
            for key, value in (("W", layer.weight), ("b", layer.bias))
        }

    state = {f"start.{name}": value for name, value in arrays(lambda p: p).items()}
    losses = []
    for noise in eps:
        mu, raw = network(layers[:3], x).chunk(2, dim=1)
        log_var = 20 * torch.tanh(raw / 20)
        q = torch.distributions.Normal(mu, torch.exp(log_var / 2))
        logits = network(layers[3:], mu + q.stddev * noise)
        bce = torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        prior = torch.distributions.Normal(0.0, 1.0)
        loss = (bce + torch.distributions.kl_divergence(q, prior).sum()) / len(x)
        optimizer.zero_grad()
        loss.backward()
        if not losses:
            state |= {f"gradient.{name}": value for name, value in arrays(lambda p: p.grad).items()}
        optimizer.step()
        losses.append(loss.item())
    state |= {f"end.{name}": value for name, value in arrays(lambda p: p).items()}
    file = Path(__file__).with_suffix(".npz")
    np.savez(file, x=x.numpy(), eps=eps.numpy(), losses=np.array(losses), **state)


if __name__ == "__main__":
    main()
