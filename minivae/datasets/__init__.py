"""Data sets: digits, loops and two more without a download, and MNIST."""

from minivae.datasets.drawn_digits import Digits, digits
from minivae.datasets.loop_counts import loop_entropy, loop_entropy_bounds, n_distinct_loops
from minivae.datasets.loop_source import Loops, loop_log_prob, loops
from minivae.datasets.mnist_files import mnist
from minivae.datasets.patches import image_patches
from minivae.datasets.synthetic import LinearGaussian, linear_gaussian

__all__ = [
    "Digits",
    "LinearGaussian",
    "Loops",
    "digits",
    "image_patches",
    "linear_gaussian",
    "loop_entropy",
    "loop_entropy_bounds",
    "loop_log_prob",
    "loops",
    "mnist",
    "n_distinct_loops",
]
