"""A class's submissions: what they are marked, whatever they try, and what the table says."""

import csv
import json
import os
import time
from pathlib import Path

import pytest
from matplotlib.image import imread

from course.terminal import Terminal
from minivae.commands import cli
from minivae.course import checker
from minivae.course.checker import Limits, check_file
from minivae.course.tries import Tries

SOLUTION = (Path(__file__).parent / "solutions_01.py").read_text(encoding="utf-8")
WRONG = """
import numpy as np

def dense_forward(x, W, b):
    return x @ W - b

def dense_backward(x, W, b, dy):
    raise NotImplementedError

def mean_squared_error_backward(x, W, b, target):
    dy = 2 * (x @ W + b - target)
    return x.T @ dy, dy.sum(axis=0)
"""
QUIET = Limits(seconds=3.0, megabytes=500, quiet=True)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def verdicts(path, limits=QUIET):
    return [each.verdict for each in check_file(path, limits)]


# What a file may not do

DENSE = "dense_forward"
FRAUDS = {
    "patches the answers": """
import minivae.course.answers as answers, minivae.course.diagnosis as diagnosis
answers.judge = answers.answer = lambda name, *rest, **more: answers.Answer(name, "right")
diagnosis.compare = lambda *a, **k: None
answers.Answer.verdict = property(lambda self: "right")
""",
    "patches NumPy": """
import numpy as np
np.any = lambda *a, **k: False
np.abs = lambda x: 0 * np.asarray(x)
np.allclose = np.array_equal = lambda *a, **k: True
""",
    "is equal to everything": """
class Same:
    def __eq__(self, other): return True
    __array__ = None
def dense_forward(x, W, b): return Same()
""",
    "prints a result": """
print("right            dense_forward\\n3 of 3 right", flush=True)
print('{"function": "dense_forward", "answer": "right"}', flush=True)
""",
    "exits": "import sys, atexit; atexit.register(print, '3 of 3 right'); sys.exit(0)",
    "ends its process": "import os; os._exit(0)",
    "exits when called": "def dense_forward(x, W, b):\n    import os; os._exit(0)",
    "loops": "def dense_forward(x, W, b):\n    while True: pass",
    "catches all in its loop": """
def dense_forward(x, W, b):
    while True:
        try:
            while True: pass
        except BaseException: pass
""",
    "goes on in another process": "import os\nif os.fork(): os._exit(0)",
    "reads the answers": """
import sys
def dense_forward(x, W, b):
    frame = sys._getframe()
    while frame:
        for name, value in list(frame.f_locals.items()):
            if name in ("expected", "right", "want"): return value
        frame = frame.f_back
    return x @ W - b
""",
    "allocates": "def dense_forward(x, W, b):\n    return [bytearray(10**8) for _ in range(10**6)]",
    "writes into every pipe": """
import os
for number in range(3, 40):
    try: os.write(number, b'\\x00\\x00\\x00\\x12{"value": [1, 2, 3]}')
    except OSError: pass
""",
}


@pytest.mark.parametrize("text", FRAUDS.values(), ids=FRAUDS)
def test_no_submission_fakes_a_mark(tmp_path, text, capfd):
    path = write(tmp_path / "01_x.py", f"{WRONG}\n{text}\n")
    begun = time.monotonic()
    try:
        marks = verdicts(path)
    except ValueError as error:
        marks = [str(error)]
    assert "right" not in marks
    assert time.monotonic() - begun < 40
    assert capfd.readouterr().out == ""


def test_memory_is_limited(tmp_path):
    pytest.importorskip("resource")
    path = write(tmp_path / "01_x.py", f"{WRONG}\n{FRAUDS['allocates']}\n")
    first = next(check_file(path, QUIET))
    assert "MemoryError" in first.text


def test_what_a_submission_starts_ends_with_it(tmp_path):
    mark = tmp_path / "alive"
    loop = f"import time\nwhile True:\n    open({str(mark)!r}, 'w').close()\n    time.sleep(.05)\n"
    start = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {loop!r}])\n"
    wait = f"import time, os\nwhile not os.path.exists({str(mark)!r}): time.sleep(.01)\n"
    path = write(tmp_path / "01_x.py", start + wait + SOLUTION)
    assert verdicts(path) == ["right"] * 3
    mark.unlink(missing_ok=True)
    time.sleep(0.5)
    assert not mark.exists()


@pytest.mark.parametrize(
    "call",
    [
        "mv.Dense(3, 4)",
        "getattr(__import__('mini' + 'vae'), 'Den' + 'se')(3, 4)",
        "(lambda: mv.Dense(*W.shape))()",
    ],
)
def test_calling_the_library_is_no_answer(tmp_path, call):
    body = f"    layer = {call}\n    layer.params.update(W=W, b=b)\n    return layer.forward(x)\n"
    text = f"import minivae as mv\ndef dense_forward(x, W, b):\n{body}"
    first = next(check_file(write(tmp_path / "01_x.py", text), QUIET))
    assert first.verdict == "wrong"
    assert "it calls the library's Dense: write it yourself" in first.text


# Any file, any folder


def test_a_file_may_have_any_name(tmp_path):
    path = write(tmp_path / "my_homework.py", SOLUTION)
    assert verdicts(path) == ["right"] * 3
    both = SOLUTION + "\ndef slerp(a, b, t):\n    return a\n"
    names = [each.name for each in check_file(write(tmp_path / "both.py", both), QUIET)]
    assert names == [
        "dense_forward",
        "dense_backward",
        "mean_squared_error_backward",
        "vae_loss",
        "manifold_codes",
        "slerp",
    ]


def test_where_there_are_no_processes_it_is_checked_here(tmp_path, monkeypatch):
    monkeypatch.setattr(checker, "NO_PROCESSES", True)
    assert verdicts(write(tmp_path / "01_x.py", SOLUTION)) == ["right"] * 3
    assert verdicts(write(tmp_path / "01_y.py", WRONG)) == ["wrong", "not written yet", "wrong"]


@pytest.fixture
def submissions(tmp_path):
    folder = tmp_path / "class"
    (folder / "eve").mkdir(parents=True)
    write(folder / "ann.py", SOLUTION)
    write(folder / "bob.py", WRONG)
    write(folder / "eve" / "mine.py", WRONG + FRAUDS["patches the answers"])
    write(folder / "notes.py", "x = 1\n")
    return folder


def test_a_class_gets_a_table_and_a_picture(submissions, tmp_path, capsys):
    assert cli.main(["check", str(submissions), "--out", str(tmp_path / "out")]) == 1
    lines = capsys.readouterr().out.splitlines()
    eve = os.path.join("eve", "mine.py")
    marks = {line.split()[0]: line.split()[1:3] for line in lines[:3]}
    assert marks == {"ann.py": ["+++", "3/3"], "bob.py": ["-.-", "0/3"], eve: ["-.-", "0/3"]}
    assert lines[3].startswith("notes.py")
    assert "holds no function of an exercise" in lines[3]
    assert "   2 times  dense_forward: a sign is flipped" in lines
    with open(tmp_path / "out" / "answers.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["answer"] for row in rows if row["file"] == "ann.py"] == ["right"] * 3
    assert imread(tmp_path / "out" / "mistakes.png").std() > 0


def test_frauds_among_a_class_get_no_mark_and_harm_nobody(tmp_path, capfd):
    folder = tmp_path / "class"
    folder.mkdir()
    for name in ("patches the answers", "prints a result", "ends its process", "loops"):
        write(folder / f"{name.partition(' ')[0]}.py", f"{WRONG}\n{FRAUDS[name]}\n")
    write(folder / "zoe.py", SOLUTION)
    limits = ["--seconds", "2", "--out", str(tmp_path / "out")]
    assert cli.main(["check", str(folder), *limits]) == 1
    lines = capfd.readouterr().out.splitlines()
    marks = [line.split()[:2] for line in lines[:5]]
    assert marks == [
        ["ends.py", "-"],
        ["loops.py", "-.-"],
        ["patches.py", "-.-"],
        ["prints.py", "-.-"],
        ["zoe.py", "+++"],
    ]
    assert not any("right" in line for line in lines)


def test_json_is_one_line_for_each_function(submissions, capsys):
    assert cli.main(["check", str(submissions / "bob.py"), "--json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0]["function"] == "dense_forward"
    assert {row["exercise"] for row in rows} == {"01"}
    assert rows[0]["mistake"] == "a sign is flipped"
    assert rows[0]["entry"].startswith("y[0, 0] is ")
    assert rows[1]["answer"] == "not written yet"
    assert rows[2]["mistake"].startswith("not divided by the batch size")
    assert sorted(path.name for path in submissions.iterdir()) == [
        "ann.py",
        "bob.py",
        "eve",
        "notes.py",
    ]


# Hints


def test_hints_come_in_stages(tmp_path, capsys):
    path = write(tmp_path / "01_x.py", WRONG)
    said = []
    for n in range(4):
        path.write_text(WRONG.replace("x @ W - b", f"x @ W - b + {n} * 0"), encoding="utf-8")
        cli.main(["check", str(path)])
        cli.main(["check", str(path)])  # the same again is no other try
        said.append(capsys.readouterr().out.split("not written")[0].rpartition("wrong  ")[2])
    assert all("y[0, 0] is " in each and "a sign is flipped" in each for each in said)
    assert ["look at line 5" in each for each in said] == [False, True, True, True]
    assert ["to find it" in each for each in said] == [False, True, True, True]
    assert ["y = x @ W + b" in each for each in said] == [False, False, True, True]
    assert ["could be: return x @ W + b" in each for each in said] == [False, False, True, True]


def test_a_right_function_begins_anew(tmp_path):
    tries = Tries(write(tmp_path / "01_x.py", SOLUTION))
    answers = list(check_file(tries.path, QUIET))
    tries.all = {"01_x.py:dense_forward": ["a", "b", "c"]}
    assert tries.stage(answers[0]) == 1
    tries.keep()
    assert Tries(tries.path).all == {"01_x.py:dense_forward": []}
    (tmp_path / ".minivae-tries.json").write_text("{broken", encoding="utf-8")
    assert Tries(tries.path).all == {}


def test_watching_checks_again_at_each_save(tmp_path):
    path = write(tmp_path / "01_x.py", WRONG)
    with Terminal("check", str(path), "--watch", cwd=tmp_path) as terminal:
        assert "0 of 3 right" in terminal.read(until="Ctrl-C leaves\n")
        write(path, "def broken(:\n")
        assert "line 1: invalid syntax" in terminal.read(until="Ctrl-C leaves\n")
        write(path, SOLUTION)
        assert "3 of 3 right" in terminal.read(until="Ctrl-C leaves\n")
        terminal.interrupt()
        assert terminal.read(until=None) == "stopped\n"


def test_an_endless_loop_costs_less_than_ten_seconds(tmp_path):
    path = write(tmp_path / "01_x.py", FRAUDS["loops"])
    first = next(check_file(path))  # with the usual limits
    assert "stopped after 5 s" in first.text
    assert Limits().seconds <= 5
