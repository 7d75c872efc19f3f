"""Ways to be wrong on labels in a VAE."""

from breaks import rewrite
from minivae.models.vae import VAE

BREAKS = [
    ("linear-conditional-vae", rewrite(VAE.forward, "beside(x, y)", "beside(x, 0 * y)")),
    ("linear-conditional-vae", rewrite(VAE.forward, "repeat_rows(y, k)", "0 * repeat_rows(y, k)")),
    ("class-elbos-are-exact", rewrite(VAE.forward, "beside(x, y)", "beside(x, 0 * y)")),
    ("class-elbos-are-exact", rewrite(VAE.elbo, "p.log_prob - kl", "p.log_prob - 0.9 * kl")),
]
