"""``minivae study``: what it prints, where it writes, and what it refuses before it trains."""

import pytest

import minivae as mv
from minivae import studies
from minivae.commands import cli
from minivae.studies import gaps


def run(capsys, *arguments):
    status = cli.main(["study", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def small(monkeypatch):
    size = {"n_train": 150, "n_latent": 2, "hidden": [8], "n": 2, "n_steps": 3}
    monkeypatch.setitem(gaps.SIZES, "quick", size)
    monkeypatch.setattr(gaps, "N_TEST", 20)
    monkeypatch.setattr(gaps, "N_DRAWS", 5)


@pytest.fixture
def no_training(monkeypatch):
    def fit(*arguments, **options):
        raise AssertionError("nothing may be trained")

    monkeypatch.setattr(mv.VAE, "fit", fit)


def test_the_list_says_what_each_study_asks(capsys):
    status, out, _ = run(capsys, "--list")
    assert status == 0
    lines = out.splitlines()
    assert len(lines) == len(studies.all_studies()) >= 4
    assert all(line.endswith("?") and ": " in line for line in lines)


def test_a_study_prints_its_table_and_writes_its_report(capsys, tmp_path, small):
    status, out, _ = run(
        capsys, "gaps", "--quick", "--seeds", 1, "--out", tmp_path / "new" / "folder"
    )
    assert status == 0
    assert "1/4  VAE, 2 epochs, seed 0" in out
    assert "amortization gap" in out
    report = (tmp_path / "new" / "folder" / "report.md").read_text()
    assert "minivae study gaps --data digits --seeds 1 --quick" in report
    assert "A quick run" in report
    verdict = report.partition("**What came out.** ")[2].partition("\n")[0]
    assert verdict in out


def test_without_out_a_folder_of_the_studys_name_is_made(capsys, tmp_path, small, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(capsys, "gaps", "--quick", "--seeds", 1)
    assert (tmp_path / "minivae-study" / "gaps" / "table.csv").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["minivae-study"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gap"], "name must be that of a study, and there is no study 'gap'; did you mean gaps?"),
        ([], "name a study; minivae study --list says what each asks"),
        (["gaps", "--seeds", "0"], "seeds must be at least 1, got 0"),
        (["gaps", "--data", "letters"], "data must be one of digits, mnist, got 'letters'"),
        (["gaps", "--out", "file"], "cannot make the folder file: File exists"),
        (["gaps", "--out", "file/below"], "cannot make the folder file/below: Not a"),
    ],
)
def test_bad_input_is_one_line(capsys, tmp_path, monkeypatch, no_training, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    status, _, err = run(capsys, *arguments)
    assert status == 2
    assert err.startswith(f"minivae study: {message}")
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
