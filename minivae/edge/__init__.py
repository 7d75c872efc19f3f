"""What every room leans on: arguments that are checked, and files that are written whole."""
