"""One pass through a model, forward and backward, shown line by line."""
