"""``python -m minivae`` is the command ``minivae``."""

from minivae.commands.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
