import ast
import inspect
import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.util import resolve_name
from pathlib import Path

import pytest

import minivae

PACKAGE = Path(minivae.__file__).parent
PYPROJECT = PACKAGE.parent / "pyproject.toml"


def run_python(code):
    """Run a script in a fresh interpreter, and return what it prints."""
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, check=True, timeout=60
    ).stdout


# What `import minivae` gives


def test_import_is_light():
    loaded = run_python("import sys, minivae; print(*sys.modules, sep='\\n')").split()
    assert "minivae.models.vae" in loaded
    heavy = re.compile(r"(matplotlib|PIL|scipy\.(optimize|stats|linalg|special|integrate))\b")
    assert [name for name in loaded if heavy.match(name)] == []
    rooms = re.compile(r"minivae\.(plots|claims|commands|course|studies|datasets)\b")
    assert [name for name in loaded if rooms.match(name)] == []


def test_rooms_open_when_they_are_entered():
    code = "import minivae as m; print(len(m.datasets.digits(3, rng=0).images), m.claims.__name__)"
    assert run_python(code) == "3 minivae.claims\n"
    with pytest.raises(AttributeError, match="module 'minivae' has no attribute 'nonsense'"):
        minivae.nonsense  # noqa: B018


def test_every_room_up_to_the_claims_is_entered_by_its_name():
    rooms = [name for name, level in LEVELS.items() if level <= FRONT_DOOR]
    code = f"import minivae; print(*[getattr(minivae, name).__name__ for name in {rooms}])"
    assert run_python(code).split() == [f"minivae.{name}" for name in rooms]
    assert minivae.regularizers is minivae.models.regularizers


def test_the_version_is_that_of_the_project():
    with open(PYPROJECT, "rb") as file:
        assert tomllib.load(file)["project"]["version"] == minivae.__version__


def test_every_room_and_the_course_are_packed():
    with open(PYPROJECT, "rb") as file:
        packing = tomllib.load(file)["tool"]["setuptools"]
    rooms = {path.parent.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("__init__.py")}
    names = {".".join(room.parts) for room in rooms}
    assert packing["packages"] == sorted(names | packing["package-dir"].keys())
    for name, folder in packing["package-dir"].items():
        assert list((PACKAGE.parent / folder).glob("*.py")), name


@pytest.mark.parametrize("name", minivae.__all__)
def test_every_public_name_exists_and_says_what_it_is(name):
    thing = getattr(minivae, name)
    assert name == thing.__name__
    summary, _, _ = inspect.getdoc(thing).partition("\n")
    assert summary.endswith((".", ":"))
    assert not (inspect.isclass(thing) and thing.__doc__.startswith(f"{name}("))  # dataclasses' own


def test_public_names_are_all_of_them():
    names = {
        name
        for name, thing in vars(minivae).items()
        if getattr(thing, "__module__", "").startswith("minivae.") and not name.startswith("_")
    }
    assert names == set(minivae.__all__)
    assert len(minivae.__all__) == len(names)


# Who imports whom


# A room imports from itself and from lower floors. The first three are the heart, with `edge`
# below it; whatever surrounds the heart is unknown to it.
FLOORS = (
    "edge",
    "nn training plots datasets",
    "models gradient_check",
    "explanation linear diagnostics",
    "bayes music",
    "claims",
    "course studies",
    "commands",
    "__main__",
)
LEVELS = {name: level for level, floor in enumerate(FLOORS) for name in floor.split()}
FRONT_DOOR = LEVELS["claims"]  # rooms above it may come in by `import minivae`
TREES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): ast.parse(path.read_text())
    for path in sorted(PACKAGE.rglob("*.py"))
}


def module_of(name):
    return name.removesuffix(".__init__")


def imported(name):
    """Return the package's own modules that a module imports, anywhere but for its types."""
    found, nodes, modules = set(), [TREES[name]], set(map(module_of, TREES))
    for node in nodes:  # which grows
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            nodes += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = resolve_name("." * node.level + base, name.rpartition(".")[0])
            inside = {f"{base}.{alias.name}" for alias in node.names}
            found |= {each if each in modules else base for each in inside}
    return {each for each in found if each.split(".")[0] == "minivae"}


IMPORTS = {module_of(name): imported(name) for name in TREES}
INSIDE = sorted(IMPORTS.keys() - {"minivae"})


def room(module):
    return module.split(".")[1]


@pytest.mark.parametrize("module", INSIDE)
def test_imports_point_downward(module):
    level = LEVELS[room(module)]
    for other in IMPORTS[module]:
        if other == "minivae":
            assert level > FRONT_DOOR, f"{module} imports names from the package's front door"
        elif room(other) != room(module):
            assert LEVELS[room(other)] < level, f"{module} imports {other}, which is not below it"


def test_every_room_has_a_floor():
    assert LEVELS.keys() == {room(module) for module in INSIDE}


def test_the_front_door_opens_no_upper_floor():
    assert max(LEVELS[room(other)] for other in IMPORTS["minivae"]) < FRONT_DOOR


def test_no_private_name_crosses_modules():
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("minivae"):
                taken = {alias.name for alias in node.names}
                private = {each for each in taken if each.startswith("_") and each != "__version__"}
                assert not private, f"{name} imports {private} from {node.module}"


def test_no_module_imports_itself_by_way_of_others():
    """Not even inside a function: then each can be read after those it stands on."""
    below = {module: IMPORTS[module] for module in INSIDE}
    while free := [each for each, others in below.items() if not others & below.keys() - {each}]:
        for each in free:
            del below[each]
    assert below == {}


def test_only_pictures_import_matplotlib_at_once():
    """All others do so inside the function that needs it."""
    for name, tree in TREES.items():
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None), *(alias.name for alias in node.names)]
                if any((each or "").split(".")[0] == "matplotlib" for each in names):
                    assert name.startswith("minivae.plots.")


@pytest.mark.parametrize("name", TREES)
def test_every_module_says_what_it_is(name):
    summary, _, _ = (ast.get_docstring(TREES[name]) or "").partition("\n")
    assert summary.endswith((".", ":"))


# How much a reader must open


def below(module):
    """Return a module and all that its imports lead to."""
    found, left = set(), [module]
    while left:
        each = left.pop()
        if each not in found:
            found.add(each)
            left += IMPORTS[each] - {"minivae"}
    return found


def lines_of(modules):
    files = [Path(sys.modules[name].__file__) for name in modules if import_module(name)]
    return sum(file.read_text().count("\n") for file in files)


@pytest.mark.parametrize(
    ("module", "most_modules", "most_lines"),
    [
        ("minivae.models.vae", 32, 4950),  # loss_and_grads, and fit by way of the models' base
        ("minivae.training.loop", 14, 2050),  # fit alone
        ("minivae.gradient_check.check", 19, 2000),
    ],
)
def test_what_a_call_needs_stays_close(module, most_modules, most_lines):
    needed = below(module)
    assert len(needed) <= most_modules, sorted(needed)
    assert lines_of(needed) <= most_lines


def test_a_step_runs_through_few_modules():
    model = minivae.VAE(6, 2, hidden=(5,), rng=0)
    x, run = [[0.5] * 6], set()
    sys.setprofile(lambda frame, event, _: run.add(frame.f_globals.get("__name__", "")))
    try:
        model.loss_and_grads(x, rng=0)
    finally:
        sys.setprofile(None)
    assert len([name for name in run if name.startswith("minivae.")]) <= 13
