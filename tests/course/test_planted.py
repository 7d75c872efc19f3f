"""Nine of ten planted mistakes are named in every part, and none falsely."""

import time
from collections import Counter

import pytest

from course.planted import count, plant, verdict_on
from course.solutions_06 import elbo
from course.solutions_12 import conditional_optimum
from course.students import rows
from minivae.course.find import all_parts

# a try that takes too long is stopped wherever it is, and that may be within another's callback
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.parametrize("number", dict(all_parts()))
def test_nine_of_ten_planted_mistakes_are_named(number):
    counts, others = count(number, every=3)
    n = counts.total() - counts["no difference"]
    print(f"part {number}: {counts['named']}/{n} named, {counts['falsely']} falsely")
    assert n >= 7
    assert counts["falsely"] == 0, others
    assert counts["named"] >= 0.9 * n, others


def test_what_makes_no_difference_is_told_from_a_mistake():
    def verdict(source):
        (planted,) = (each for each in plant(elbo) if source in each.source)
        return verdict_on(planted, "06")[0]

    assert verdict("squared = (w * mu - x) ** 2 +") == "no difference"
    assert verdict("squared = (x + w * mu) ** 2 +") == "named"


def test_what_students_write_is_named_too():
    verdicts = [(verdict_on(planted, number), planted) for number, planted in [*rows()][::10]]
    counts = Counter(verdict for (verdict, _), _ in verdicts)
    print(counts)
    assert counts["falsely"] == 0, verdicts
    assert counts["named"] >= 0.85 * len(verdicts), verdicts


def test_no_size_is_tried_that_fills_the_memory():
    (planted,) = (
        each for each in plant(conditional_optimum) if "len(lam) - 2 * n_latent" in each.source
    )
    begun = time.process_time()
    assert verdict_on(planted, "12")[0] != "falsely"
    assert time.process_time() - begun < 8  # the search for a name has five seconds
