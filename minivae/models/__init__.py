"""Models: a linear and a multilayer autoencoder, and the variational autoencoder."""
