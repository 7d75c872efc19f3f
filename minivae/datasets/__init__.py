"""Data sets: three without a download, and MNIST."""

from minivae.datasets.drawn_digits import Digits, digits
from minivae.datasets.mnist_files import mnist
from minivae.datasets.patches import image_patches
from minivae.datasets.synthetic import LinearGaussian, linear_gaussian

__all__ = ["Digits", "LinearGaussian", "digits", "image_patches", "linear_gaussian", "mnist"]
