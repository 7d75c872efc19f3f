"""Data sets: three that need no download, and the reader of MNIST."""

from .drawn_digits import Digits, digits
from .mnist_files import mnist
from .patches import image_patches
from .synthetic import LinearGaussian, linear_gaussian

__all__ = ["Digits", "LinearGaussian", "digits", "image_patches", "linear_gaussian", "mnist"]
