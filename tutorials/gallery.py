"""Draw the pictures of README.md again: ``python tutorials/gallery.py``, in two to three minutes.

README.md decides which: each picture that it shows from `tutorials/pictures/` has the name of a
figure of a tutorial, or of the tour. A palette of few colours keeps the files small.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "tutorials" / "pictures"
N_COLORS = 128
TOUR = "the tour"


def shown_pictures() -> list[str]:
    """Return the names of the pictures that README.md shows."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"\(tutorials/pictures/([^)]+)\)", text)))


def draw_all(names: list[str], folder: Path) -> None:
    """Run the tutorials, and the tour, that draw the figures `names` into `folder`."""
    tutorials = sorted((ROOT / "tutorials").glob("[0-9]*.py"))
    runs = {tutorial.name[:3]: [str(tutorial)] for tutorial in tutorials}
    runs[TOUR] = ["-m", "minivae", "tour", "--out", str(folder)]
    settings = {"MINIVAE_FIGURES": str(folder), "MPLBACKEND": "Agg"}
    for prefix in sorted({name[:3] if name[:3] in runs else TOUR for name in names}):
        print("running", *runs[prefix], flush=True)
        command = [sys.executable, *runs[prefix]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | settings)


def shrink(source: Path, target: Path) -> None:
    """Copy a picture, and reduce a PNG to `N_COLORS` colours."""
    if source.suffix == ".png":
        with Image.open(source) as picture:
            picture.convert("RGB").quantize(N_COLORS, dither=0).save(target, optimize=True)
    else:
        shutil.copyfile(source, target)


def main() -> None:
    names = shown_pictures()
    with TemporaryDirectory() as folder:
        draw_all(names, Path(folder))
        PICTURES.mkdir(exist_ok=True)
        for name in names:
            shrink(Path(folder) / name, PICTURES / name)
    size = sum((PICTURES / name).stat().st_size for name in names)
    print(f"{len(names)} pictures, {size / 1e6:.2f} MB, in {PICTURES.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
