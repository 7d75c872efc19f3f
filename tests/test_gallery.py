"""The README's pictures: all are there, small, and made by one command."""

from pathlib import Path

import numpy as np
import pytest
from helpers import load_gallery
from matplotlib.image import imread

ROOT = Path(__file__).parents[1]
TUTORIALS = sorted((ROOT / "tutorials").glob("[0-9]*.py"))


@pytest.fixture
def gallery():
    return load_gallery()


def test_the_readme_shows_a_picture_of_every_tutorial(gallery):
    shown = {name[:3] for name in gallery.shown_pictures()}
    assert shown >= {tutorial.name[:3] for tutorial in TUTORIALS}


def test_its_pictures_are_those_in_the_folder_and_small(gallery):
    there = sorted(gallery.PICTURES.iterdir())
    assert [path.name for path in there] == gallery.shown_pictures()
    assert sum(path.stat().st_size for path in there) < 3e6


DRAW = """
import numpy as np
from minivae.course import figure_file, show
from minivae.plots import image_grid
show(image_grid(np.random.default_rng(0).random((4, 64))), "{name}")
figure_file("{name}.gif").write_bytes(b"a film")
print("not to be seen")
"""


def test_a_tutorial_is_run_for_the_pictures_that_are_named(gallery, tmp_path, monkeypatch, capfd):
    folder = tmp_path / "tutorials"
    (folder / "pictures").mkdir(parents=True)
    (folder / "01_drawn.py").write_text(DRAW.format(name="01_drawn"))
    (folder / "02_not_shown.py").write_text("raise SystemExit('this must not be run')")
    pictures = "![one](tutorials/pictures/01_drawn.png) ![two](tutorials/pictures/01_drawn.gif)"
    (tmp_path / "README.md").write_text(f"# Here\n\n{pictures}\n")
    monkeypatch.setattr(gallery, "ROOT", tmp_path)
    monkeypatch.setattr(gallery, "PICTURES", folder / "pictures")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    gallery.main()
    assert sorted(path.name for path in (folder / "pictures").iterdir()) == [
        "01_drawn.gif",
        "01_drawn.png",
    ]
    assert (folder / "pictures" / "01_drawn.gif").read_bytes() == b"a film"
    printed = capfd.readouterr().out
    assert "2 pictures, 0.0" in printed
    assert "not to be seen" not in printed


def test_shrinking_keeps_the_picture(gallery, tmp_path):
    from minivae.plots import latent_scatter, save

    rng = np.random.default_rng(0)
    codes, labels = rng.normal(size=(300, 2)), np.arange(300) % 10
    save(latent_scatter(codes, labels), tmp_path / "before.png")
    gallery.shrink(tmp_path / "before.png", tmp_path / "after.png")
    before, after = (imread(tmp_path / f"{name}.png")[..., :3] for name in ("before", "after"))
    assert before.shape == after.shape
    assert np.abs(before - after).mean() < 0.01
    assert (tmp_path / "after.png").stat().st_size < (tmp_path / "before.png").stat().st_size / 2


def test_a_tutorial_that_fails_stops_it(gallery, tmp_path, monkeypatch):
    (tmp_path / "tutorials").mkdir()
    (tmp_path / "tutorials" / "01_broken.py").write_text("import sys; sys.exit(3)")
    monkeypatch.setattr(gallery, "ROOT", tmp_path)
    with pytest.raises(gallery.subprocess.CalledProcessError, match="01_broken"):
        gallery.draw_all(["01_broken.png"], tmp_path)
