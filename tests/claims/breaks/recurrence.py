"""Ways to be wrong on backprop through time and on tokens."""

import numpy as np

from breaks import swap
from minivae.music.decoders import Autoregressive
from minivae.nn import categorical
from minivae.nn.recurrent import GRU

real_fill = GRU._fill
real_logits = Autoregressive._logits
real_log_softmax = categorical.log_softmax


def truncated_to_the_last_step(self, dy):
    """Backprop that does not reach further back than one step."""
    steps = self._steps
    self._steps = steps._replace(
        x=steps.x[-1:],
        h=steps.h[-2:],
        r=steps.r[-1:],
        u=steps.u[-1:],
        new=steps.new[-1:],
        past=steps.past[-1:],
    )
    da = np.zeros((*steps.new.shape[:2], 3 * self.n_hidden))
    da[-1:] = real_fill(self, dy[:, -1:])
    self._steps = steps
    return da


def without_the_reset_gate(self, dy):
    """The factor r is forgotten on the way into h: the classic mistake."""
    steps = self._steps
    self._steps = steps._replace(r=np.ones_like(steps.r))
    da = real_fill(self, dy)
    self._steps = steps
    return da


def not_normalised(logits):
    return logits - np.max(logits, axis=-1, keepdims=True)


def sees_its_own_token(self, tokens, out):
    return real_logits(self, np.roll(tokens, -1, axis=1), out)


BREAKS = [
    ("gradient-through-a-held-gate", swap(GRU, "_fill", truncated_to_the_last_step)),
    ("gradient-growth-rate", swap(GRU, "_fill", without_the_reset_gate)),
    ("cross-entropy-of-tokens", swap(categorical, "log_softmax", not_normalised)),
    ("teacher-forcing-is-the-chain-rule", swap(Autoregressive, "_logits", sees_its_own_token)),
]
