"""minivae: autoencoders, PCA and variational autoencoders from scratch in NumPy."""

__version__ = "0.1.0"
