"""Linear models, where exact answers are known: PCA, probabilistic PCA, and what equals them."""
