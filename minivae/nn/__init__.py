"""Layers, Gaussian densities and likelihoods: `forward` stands above `backward` in each."""
