"""The gradient check: an analytic gradient against two numerical derivatives."""
