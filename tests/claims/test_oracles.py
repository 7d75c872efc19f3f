"""Every public function that returns a number or draws one has an oracle, named in a table."""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest
from oracles import NO_NUMBER, ORACLES

import minivae
from minivae.claims import all_claims

TESTS = Path(__file__).parents[1]
WITHOUT_NUMBERS = re.compile(r"minivae\.(plots|claims|commands|course|edge|studies|__main__)\b")


def public_functions():
    """Return ``module: name`` of every public function and method that returns something."""
    found = set()
    for module_info in pkgutil.walk_packages(minivae.__path__, "minivae."):
        if WITHOUT_NUMBERS.match(module_info.name):
            continue
        module = importlib.import_module(module_info.name)
        for owner in [module, *(c for c in vars(module).values() if inspect.isclass(c))]:
            if getattr(owner, "__module__", module.__name__) != module.__name__:
                continue
            prefix = "" if owner is module else f"{owner.__name__}."
            if prefix.startswith("_"):
                continue
            for name, value in vars(owner).items():
                function = getattr(value, "__func__", getattr(value, "fget", value))
                if (
                    inspect.isfunction(function)
                    and function.__module__ == module.__name__
                    and not name.startswith("_")
                    and inspect.signature(function).return_annotation not in ("None", "bool", "str")
                    and "raise NotImplementedError" not in inspect.getsource(function)
                ):
                    found.add(f"{module_info.name.removeprefix('minivae.')}: {prefix}{name}")
    return found


def test_every_public_function_has_a_row_and_every_row_a_function():
    assert sorted(public_functions() - set(ORACLES) - set(NO_NUMBER)) == []
    assert sorted((set(ORACLES) | set(NO_NUMBER)) - public_functions()) == []
    assert not set(ORACLES) & set(NO_NUMBER)


@pytest.mark.parametrize("name", ORACLES)
def test_the_oracle_is_there(name):
    oracle = ORACLES[name]
    if "::" not in oracle:
        assert oracle in all_claims()
        return
    path, test = oracle.split("::")
    tree = ast.walk(ast.parse((TESTS / path).read_text("utf-8")))
    assert test in {node.name for node in tree if isinstance(node, ast.FunctionDef)}
