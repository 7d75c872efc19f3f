"""What the exercises of each tutorial must do: a dict ``EXERCISES`` in every module."""
