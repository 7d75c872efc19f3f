"""The commands: each module is one command, a function that prints while it works."""
