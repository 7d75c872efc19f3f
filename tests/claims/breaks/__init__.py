"""Ways to be wrong: for each claim of the ledger, damage to the library that it must notice.

Every module has a table BREAKS of pairs: a claim's name, and a function that damages the library
through pytest's monkeypatch, which undoes it after the test.
"""

import importlib
import inspect
import pkgutil
import textwrap


def swap(owner, attribute, wrong):
    """Return the usual damage: `wrong` stands in the place of ``owner.attribute``."""

    def damage(monkeypatch):
        monkeypatch.setattr(owner, attribute, wrong)

    damage.__name__ = wrong.__name__  # which pytest shows
    return damage


def rewrite(function, right, wrong):
    """Return damage to one line: the text `right` of a function's source reads `wrong`.

    The function itself is kept and gets another body, so that whoever imported it sees the damage.
    """

    def damage(monkeypatch):
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(right) == 1, f"{function.__qualname__} has not one {right!r}"
        monkeypatch.setattr(function, "__code__", code_of(function, source.replace(right, wrong)))

    damage.__name__ = f"{function.__qualname__}: {wrong}"
    return damage


def code_of(function, source):
    """Return the code of a function with that source, without its decorators."""
    namespace = {}
    exec(source[source.index("def ") :], function.__globals__, namespace)
    return namespace[function.__name__].__code__


def all_breaks():
    """Return the pairs of every module."""
    modules = pkgutil.iter_modules(__path__, f"{__name__}.")
    return [pair for module in modules for pair in importlib.import_module(module.name).BREAKS]
