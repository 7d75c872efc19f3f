"""The walk over the public surface: forty bad values at each argument of each public name.

The walk finds the names by itself. A new public function needs a right call in `examples.py`
(`plots_examples.py` for what draws), or a reason in `allowed.py` why it needs none.
"""

import os
import re
from collections import Counter

import plots_examples  # noqa: F401  enters its examples
import pytest
from allowed import ALLOWED, WITHOUT_EXAMPLE
from bad_values import bad_values
from examples import EXAMPLES, FOLDER
from walk import arguments_of, surface_cache, throw

SURFACE = surface_cache()
WALKED = sorted(name for name in SURFACE if name in EXAMPLES and name not in WITHOUT_EXAMPLE)
COUNT = Counter()
USED = set()


@pytest.fixture(autouse=True)
def folder(monkeypatch):
    """A text is a path, too: what is written there goes into a folder of its own."""
    monkeypatch.chdir(FOLDER)


def is_allowed(answer):
    for row in ALLOWED:
        if re.fullmatch(row[0], answer.where) and re.fullmatch(row[1], answer.value):
            USED.add(row)
            return True
    return False


def test_there_are_forty_bad_values():
    assert len(bad_values(None)) == 40


def test_every_public_name_has_an_example_or_a_reason():
    missing = SURFACE.keys() - EXAMPLES.keys() - WITHOUT_EXAMPLE.keys()
    assert not missing, f"give a right call in tests/surface/examples.py for {sorted(missing)}"
    assert WITHOUT_EXAMPLE.keys() <= SURFACE.keys()


@pytest.mark.parametrize("name", WALKED)
def test_a_bad_value_is_refused_in_words_or_right(name):
    COUNT["names"] += 1
    COUNT["arguments"] += len(arguments_of(SURFACE[name]))
    wrong = []
    for answer in throw(name, EXAMPLES[name]):
        COUNT["calls"] += 1
        COUNT[answer.kind] += 1
        if answer.kind not in ("refused", "accepted") and not is_allowed(answer):
            wrong.append(str(answer))
    assert not wrong, "\n".join(wrong)


def test_the_count_and_the_exceptions(capsys):
    with capsys.disabled():
        print(f"\n  the walk: {dict(COUNT)}")
    if COUNT["names"] == len(WALKED):  # else only some were chosen
        unused = [row for row in ALLOWED if row not in USED]
        assert not unused, f"no call needs these rows of allowed.py any more: {unused}"
    assert os.getcwd() == str(FOLDER)
