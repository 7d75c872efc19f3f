"""Training: optimizers, the loop over epochs, callbacks and checkpoints."""
