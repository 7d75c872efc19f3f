"""Every exercise: its solution passes, typical mistakes are named, and an empty one is no error."""

import ast
import importlib
from pathlib import Path

import pytest
from helpers import ROOT

from minivae.course.answers import answer, load
from minivae.course.checker import check_file
from minivae.course.files import has_exercises, number_of
from minivae.course.find import exercises_of

HERE = ROOT / "tests"
TUTORIALS = sorted((ROOT / "tutorials").glob("[0-9]*.py"))
LESSONS = [path for path in TUTORIALS if has_exercises(number_of(path))]
FILES = sorted((ROOT / "tutorials" / "exercises").glob("[0-9]*.py"))
SOLVED = {
    path.stem[-2:]: importlib.import_module(f"course.{path.stem}")
    for path in sorted((HERE / "course").glob("solutions_[0-9][0-9].py"))
}
SOLUTIONS = [
    pytest.param(number, name, function, id=f"{number}-{name}")
    for number, module in SOLVED.items()
    for name, function in module.SOLUTIONS.items()
]
WRONG = [
    pytest.param(number, name, function, words, id=f"{number}-{name}-{function.__name__}")
    for number, module in SOLVED.items()
    for name, function, words in module.WRONG
]

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def ask(number, name, function):
    path = Path(f"{number}_of_a_student.py")
    return answer(name, {name: function}, exercises_of(path)[name], path)


@pytest.mark.parametrize(("number", "name", "function"), SOLUTIONS)
def test_a_solution_is_right(number, name, function):
    reply = ask(number, name, function)
    assert reply.verdict == "right", str(reply)


@pytest.mark.parametrize(("number", "name", "function", "words"), WRONG)
def test_a_mistake_is_named(number, name, function, words):
    reply = ask(number, name, function)
    assert reply.verdict == "wrong"
    assert words in reply.text


@each_file
def test_an_unfilled_exercise_is_not_written_yet(path):
    written = load(path)
    exercises = exercises_of(path)
    functions = [node.name for node in ast.parse(path.read_text("utf-8")).body if is_function(node)]
    assert functions == list(exercises)
    assert len(functions) >= 3
    for name, checks in exercises.items():
        assert written[name].__doc__
        assert answer(name, written, checks, path).verdict == "not written yet"


def is_function(node):
    return isinstance(node, ast.FunctionDef)


@each_file
def test_an_exercise_belongs_to_a_tutorial_and_has_solutions(path):
    assert path.name in [lesson.name for lesson in LESSONS]
    module = SOLVED[path.name[:2]]
    assert list(module.SOLUTIONS) == list(exercises_of(path))
    assert len({function for _, function, _ in module.WRONG}) >= 4


def test_forty_mistakes_are_known_in_all():
    missing = {lesson.name[:2] for lesson in LESSONS} - SOLVED.keys()
    if missing or len(SOLVED) < 11:
        pytest.skip(f"the course is not complete: there are solutions {sorted(SOLVED)}")
    assert len({param.values[2] for param in WRONG}) >= 40


def test_a_filled_file_is_right_from_end_to_end(tmp_path):
    path = tmp_path / "01_dense_layer.py"
    path.write_bytes((HERE / "course" / "solutions_01.py").read_bytes())
    assert [str(reply).split() for reply in check_file(path)] == [
        ["right", name] for name in SOLVED["01"].SOLUTIONS
    ]
