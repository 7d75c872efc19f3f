"""The frame: how studies are found and run, what they write, and how they go on."""

import csv
import re
from functools import partial

import numpy as np
import pytest

import minivae as mv
from minivae import studies
from minivae.studies.findings import Entry, Findings, mean_and_spread
from minivae.studies.pictures import bars
from minivae.studies.words import against, best, in_seeds

CALLS = []


def coin(trial, *, bias, n):
    """Measure a coin: how often it falls on heads."""
    CALLS.append((bias, trial.seed))
    throws = np.random.default_rng(trial.seed).random(n) < bias
    return {"heads": float(throws.mean()), "throws": throws}


@pytest.fixture(autouse=True)
def coins(monkeypatch):
    """Enter a tiny study into the registry."""
    CALLS.clear()

    def coins(bench):
        """Throw a coin, and a fair one."""
        n = bench.choose({"digits": 100, "mnist": 200, "quick": 10})
        plan = {"ours": partial(coin, bias=0.9, n=n), "fair": partial(coin, bias=0.5, n=n)}
        results = bench.measure(plan)
        entries = [
            Entry(name, {"bias": plan[name].keywords["bias"], "heads": heads(rows)}, name == "fair")
            for name, rows in results.items()
        ]
        verdict = f"Ours {against(entries[0].seeds('heads'), entries[1].seeds('heads'), 'it')}."
        return Findings(entries, verdict, {"heads": bars(entries, "heads", xlabel="heads")})

    entered = studies.Study("coins", "Which coin is better?", coins)
    monkeypatch.setitem(studies._REGISTRY, "coins", entered)


def heads(results):
    return [result["heads"] for result in results]


def test_the_table_holds_means_and_spreads_over_seeds():
    found = mv.studies.run("coins", seeds=4)
    throws = [np.random.default_rng(seed).random(100) for seed in range(4)]
    expected = [np.mean(each < 0.9) for each in throws]
    assert found.columns == ["name", "baseline", "bias", "heads", "heads sd"]
    ours, fair = found.rows
    assert (ours["name"], ours["baseline"], fair["baseline"]) == ("ours", "no", "yes")
    assert ours["heads"] == pytest.approx(np.mean(expected))
    assert ours["heads sd"] == pytest.approx(np.std(expected, ddof=1))
    assert found.verdict == "Ours beats it in every seed."
    assert f"{np.mean(expected):.3f} ± {np.std(expected, ddof=1):.3f}" in str(found)


def test_one_seed_has_no_spread(tmp_path):
    found = mv.studies.run("coins", seeds=1, out=tmp_path)
    assert found.rows[0]["heads sd"] is None
    assert "±" not in str(found)
    with open(tmp_path / "table.csv", newline="") as file:
        assert next(csv.DictReader(file))["heads sd"] == ""


def test_nothing_is_written_but_below_out(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    mv.studies.run("coins")
    assert not list((tmp_path / "here").iterdir())
    mv.studies.run("coins", out=tmp_path / "out")
    assert not list((tmp_path / "here").iterdir())
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["heads.png", "parts", "report.md", "table.csv"]


def test_the_files_say_what_the_object_says(tmp_path):
    found = mv.studies.run("coins", quick=True, seeds=2, out=tmp_path)
    with open(tmp_path / "table.csv", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == found.columns
    for row, ours in zip(rows, found.rows, strict=True):
        assert row["baseline"] == ours["baseline"]
        assert float(row["heads"]) == ours["heads"]
    report = (tmp_path / "report.md").read_text()
    for each in (
        *("Which coin is better?", found.verdict, "seeds 0 to 1", mv.__version__, "heads.png"),
        "minivae study coins --data digits --seeds 2 --quick",
    ):
        assert each in report
    assert re.search(r"\d s of training", report)


def test_an_interrupted_study_goes_on_where_it_stopped(tmp_path, monkeypatch):
    whole = mv.studies.run("coins", seeds=3)
    CALLS.clear()
    right = np.random.default_rng

    def interrupted(seed):
        if seed == 1:
            raise KeyboardInterrupt
        return right(seed)

    monkeypatch.setattr(np.random, "default_rng", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mv.studies.run("coins", seeds=3, out=tmp_path)
    monkeypatch.setattr(np.random, "default_rng", right)
    assert not (tmp_path / "report.md").exists()
    CALLS.clear()
    resumed = mv.studies.run("coins", seeds=3, out=tmp_path)
    assert CALLS == [(0.9, 1), (0.5, 1), (0.9, 2), (0.5, 2)]
    assert (resumed.rows, resumed.verdict) == (whole.rows, whole.verdict)


def test_a_piece_of_other_settings_is_not_reused(tmp_path):
    quick = mv.studies.run("coins", seeds=1, quick=True, out=tmp_path)
    CALLS.clear()
    assert mv.studies.run("coins", seeds=1, out=tmp_path).rows != quick.rows
    assert len(CALLS) == 2
    mv.studies.run("coins", seeds=1, data="mnist", out=tmp_path)
    assert len(CALLS) == 4
    assert mv.studies.run("coins", seeds=1, quick=True, out=tmp_path).rows == quick.rows
    assert len(CALLS) == 4


def test_a_piece_of_other_data_or_of_another_study_is_not_reused(tmp_path):
    (tmp_path / "parts").mkdir()
    plan = {"ours": partial(coin, bias=0.9, n=10)}
    for study, data in (("a", "digits"), ("a", "mnist"), ("b", "digits"), ("a", "digits")):
        studies.Bench(study, data, 1, folder=tmp_path).measure(plan)
    assert len(CALLS) == 3


def test_the_time_of_kept_pieces_counts(tmp_path):
    (tmp_path / "parts").mkdir()
    plan = {"ours": partial(coin, bias=0.9, n=1000)}
    first, again = (studies.Bench("a", "digits", 2, folder=tmp_path) for _ in range(2))
    first.measure(plan)
    again.measure(plan)
    assert len(CALLS) == 2
    assert again.seconds == first.seconds > 0


def test_a_damaged_piece_is_made_again(tmp_path):
    whole = mv.studies.run("coins", seeds=1, out=tmp_path)
    for path in (tmp_path / "parts").iterdir():
        path.write_bytes(path.read_bytes()[:100])
    CALLS.clear()
    assert mv.studies.run("coins", seeds=1, out=tmp_path).rows == whole.rows
    assert len(CALLS) == 2


def trained(trial, *, epochs):
    """Train a small autoencoder, and show its weights."""
    X = trial.split(40, 1).train
    model = mv.Autoencoder(784, 2, rng=trial.seed)
    trial.fit(model, X, epochs=epochs, batch_size=20, callbacks=[stop_once])
    return {"W": model.params["encoder.0.W"].copy()}


STOPS, EPOCHS = [], []


def stop_once(run):
    """Interrupt the training after the second epoch, where that is asked for."""
    EPOCHS.append(run.epoch)
    if STOPS and run.epoch == 2:
        STOPS.clear()
        raise KeyboardInterrupt


def test_an_interrupted_training_goes_on_bit_for_bit(tmp_path):
    (tmp_path / "parts").mkdir()
    plan = {"AE": partial(trained, epochs=4)}
    whole = studies.Bench("fake", "digits", 1).measure(plan)["AE"][0]["W"]
    bench = studies.Bench("fake", "digits", 1, folder=tmp_path)
    STOPS.append(True)
    with pytest.raises(KeyboardInterrupt):
        bench.measure(plan)
    checkpoints = list(tmp_path.glob("parts/*.checkpoint"))
    assert [mv.load(path).history_["epoch"] for path in checkpoints] == [[1]]
    EPOCHS.clear()
    np.testing.assert_array_equal(bench.measure(plan)["AE"][0]["W"], whole)
    assert EPOCHS == [2, 3, 4]  # after the first, which the checkpoint holds
    assert [path.suffix for path in (tmp_path / "parts").iterdir()] == [".npz"]


def test_every_piece_has_a_line_and_the_time_that_is_left(capsys):
    mv.studies.run("coins", seeds=2, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert re.match(r"3/4  ours, seed 1: 0.0 s  about 0 s left", lines[2])


# Bad input, before anything is measured


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"name": "coin"}, ValueError, "there is no study 'coin'; did you mean coins?"),
        ({"name": "lables"}, ValueError, "there is no study 'lables'; did you mean labels"),
        ({"name": "blurr"}, ValueError, "there is no study 'blurr'; did you mean blur"),
        ({"name": "kl_weigth"}, ValueError, "no study 'kl_weigth'; did you mean kl-weight"),
        ({"name": "zzzz"}, ValueError, "there is no study 'zzzz'; there are .*coins, "),
        ({"data": "letters"}, ValueError, "data must be one of digits, mnist, got 'letters'"),
        ({"seeds": 0}, ValueError, "seeds must be at least 1, got 0"),
        ({"seeds": 1.5}, TypeError, "seeds must be an integer, got 1.5"),
        ({"out": "file"}, OSError, "cannot make the folder .*file"),
    ],
)
def test_bad_input_is_refused_in_one_line(options, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(error, match=message) as caught:
        mv.studies.run(options.pop("name", "coins"), **options)
    assert "\n" not in str(caught.value)
    assert CALLS == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_missing_mnist_is_said_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIVAE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(OSError, match="MINIVAE_DATA must name a folder"):
        mv.studies.run("latent-dimension", data="mnist")


def test_names_of_studies_may_be_written_with_underscores():
    assert studies.find_study(" Latent_Dimension").name == "latent-dimension"


@pytest.mark.parametrize("name", [n for n in studies.all_studies() if n != "coins"])
def test_every_study_says_what_it_asks_and_how(name):
    each = studies.find_study(name)
    assert each.question.endswith("?")
    assert each.design.partition("\n")[0].endswith(".")
    assert each.answer.__module__.rpartition(".")[2] == name.replace("-", "_")


# What the numbers say


def test_words_follow_the_numbers():
    assert against([2, 3], [1, 2], "PCA") == "beats PCA in every seed"
    assert against([2, 3], [1, 2], "PCA", highest=False) == "loses to PCA in every seed"
    assert against([2, 1], [1, 2], "PCA") == "is level with PCA (ahead in 1 of 2 seeds)"
    assert against([1], [1], "PCA") == "is level with PCA (ahead not in the one seed)"
    assert in_seeds([False, False]) == "in no seed"
    entries = [Entry("a", {"x": [1, 2]}), Entry("b", {"x": [2, 2]}), Entry("c", {"y": [9, 9]})]
    assert best(entries, "x").name == "b"
    assert best(entries, "x", highest=False).name == "a"


def test_spread_is_the_standard_deviation_of_a_sample():
    assert mean_and_spread([1.0, 3.0]) == (2.0, pytest.approx(np.sqrt(2)))
    assert mean_and_spread([5.0]) == (5.0, None)
