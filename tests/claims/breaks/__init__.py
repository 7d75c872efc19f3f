"""Ways to be wrong: for each claim of the ledger, damage to the library that it must notice.

Every module has a table BREAKS of pairs: a claim's name, and a function that damages the library
through pytest's monkeypatch, which undoes it after the test.
"""

import importlib
import pkgutil


def swap(owner, attribute, wrong):
    """Return the usual damage: `wrong` stands in the place of ``owner.attribute``."""

    def damage(monkeypatch):
        monkeypatch.setattr(owner, attribute, wrong)

    damage.__name__ = wrong.__name__  # which pytest shows
    return damage


def all_breaks():
    """Return the pairs of every module."""
    modules = pkgutil.iter_modules(__path__, f"{__name__}.")
    return [pair for module in modules for pair in importlib.import_module(module.name).BREAKS]
