"""What the command line runs: each module is one command, a function that prints as it goes."""
