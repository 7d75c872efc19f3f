import sys
import threading

import numpy as np
import pytest

from minivae.nn import memory
from minivae.nn.memory import cached_rows, empty

SHAPE, DTYPE = (500, 784), np.dtype(np.float32)  # 1.6 MB


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    monkeypatch.setattr(memory, "_kept", memory._Kept())


def place(a):
    return a.__array_interface__["data"][0]


def test_memory_that_nobody_holds_is_used_again():
    first = place(empty(SHAPE, DTYPE))
    assert place(empty(SHAPE, DTYPE)) == first
    assert place(empty((250, 1500), DTYPE)) == first  # for another shape of nearly that size
    assert len(memory._kept.pieces) == 1


HOLD = {
    "the array": lambda a: a,
    "a view": lambda a: a[3:, ::2],
    "a view of a view": lambda a: a.T[5:].view(np.int32),
    "a buffer": memoryview,
    "a list": lambda a: [[a]],
    "a closure": lambda a: lambda: a,
}


@pytest.mark.parametrize("hold", HOLD.values(), ids=HOLD)
def test_memory_that_somebody_holds_is_not(hold):
    a = empty(SHAPE, DTYPE)
    first, held = place(a), hold(a)
    del a
    others = [empty(SHAPE, DTYPE) for _ in range(5)]
    assert first not in map(place, others)
    assert len({*map(place, others)}) == 5
    del held
    assert place(empty(SHAPE, DTYPE)) == first


def test_small_and_huge_arrays_are_numpys_own():
    for shape in [(3, 4), (0, 784), (), (5000, 1000)]:
        a = empty(shape, DTYPE)
        assert a.base is None
        assert a.shape == shape
        assert a.dtype == DTYPE
    assert memory._kept.pieces == []


def test_only_so_many_pieces_are_kept():
    held = [empty(SHAPE, DTYPE) for _ in range(memory.KEPT + 5)]
    assert len({*map(place, held)}) == len(held)
    assert len(memory._kept.pieces) == memory.KEPT
    for i, a in enumerate(held):
        a[...] = i
    assert [a[-1, -1] for a in held] == list(range(len(held)))


def test_each_thread_has_its_own():
    first, others = place(empty(SHAPE, DTYPE)), []
    thread = threading.Thread(target=lambda: others.append(empty(SHAPE, DTYPE)))
    thread.start()
    thread.join()
    assert place(others[0]) != first


def test_references_are_counted_as_python_counts_them():
    piece = np.empty(1)
    assert memory._holders([piece], 0) == memory.FREE + 1
    assert sys.getrefcount(piece) >= memory.FREE


@pytest.mark.parametrize("shape", [(1, 1), (130, 784), (7, 10**6), (3, 0)])
def test_cached_rows_cover_all_rows_once(shape):
    a = np.zeros(shape)
    blocks = [a[rows] for rows in cached_rows(a)]
    assert sum(map(len, blocks)) == len(a)
    assert all(len(block) == 1 or block.size <= memory.CACHED for block in blocks)
