"""minivae: autoencoders, PCA and variational autoencoders from scratch in NumPy.

Every gradient is written by hand, and every claim is checked against something that did not come
from here. ``python -m minivae tour`` shows it.
"""

from minivae.autoencoder import Autoencoder, LinearAutoencoder
from minivae.gaussian import (
    bound_log_var,
    bound_log_var_backward,
    gaussian_kl,
    gaussian_kl_backward,
    gaussian_kl_between,
    gaussian_kl_between_backward,
    gaussian_log_density,
    gaussian_log_density_backward,
    reparameterize,
    reparameterize_backward,
)
from minivae.gradcheck import GradientReport, check_gradients
from minivae.layers import (
    Dense,
    Layer,
    LeakyReLU,
    ReLU,
    Sequential,
    Sigmoid,
    Softplus,
    Tanh,
    mlp,
)
from minivae.likelihoods import Bernoulli, ContinuousBernoulli, Gaussian, SquaredError
from minivae.model import load
from minivae.optimizers import SGD, Adam
from minivae.training import Checkpoint, EarlyStopping, minibatches
from minivae.vae import VAE

__version__ = "0.1.0"
