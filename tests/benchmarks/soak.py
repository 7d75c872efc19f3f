"""Kill a training run at random moments, resume it each time, and compare with a run left alone.

``python tests/benchmarks/soak.py --kills 1000`` takes some ten minutes; it is for maintainers.
Every kill is a SIGKILL, so nothing can be tidied up. After each series of kills the parameters must
be those of the run that nobody killed, bit for bit, and every checkpoint on the way must be whole.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import minivae

EPOCHS = 150
CODE = """
import sys
from pathlib import Path
import numpy as np
from minivae import VAE, Adam, Checkpoint, EarlyStopping
path, out = map(Path, sys.argv[1:])
X = np.random.default_rng(0).random((64, 12))
model = VAE(12, 2, hidden=(8,), rng=0)
model.fit(
    X, epochs=EPOCHS, batch_size=16, optimizer=Adam(1e-3), rng=0, validation=X[:9],
    callbacks=[EarlyStopping(10_000), Checkpoint(path)], resume=path if path.exists() else None,
)
model.save(out)
""".replace("EPOCHS", str(EPOCHS))


def run(folder: Path, name: str) -> subprocess.Popen[bytes]:
    """Start a training run, or go on with it."""
    paths = [str(folder / f"{name}.npz"), str(folder / f"{name}-done.npz")]
    return subprocess.Popen([sys.executable, "-c", CODE, *paths])


def main() -> int:
    """Run, kill, resume and compare until there were enough kills; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    rng, kills, series = np.random.default_rng(chosen.seed), 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.monotonic()
        assert run(folder, "alone").wait() == 0
        whole = time.monotonic() - start
        alone = minivae.load(folder / "alone-done.npz")
        start = time.monotonic()
        while kills < chosen.kills:
            series += 1
            while (process := run(folder, f"killed-{series}")).poll() is None:
                try:
                    process.wait(timeout=rng.uniform(0.0, 1.1 * whole))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    kills += 1
                    checkpoint = folder / f"killed-{series}.npz"
                    if checkpoint.exists():
                        minivae.load(checkpoint)  # which refuses what is not whole
                else:
                    break
                if kills >= chosen.kills:
                    break
            if (done := folder / f"killed-{series}-done.npz").exists():
                model = minivae.load(done)
                same = all(np.array_equal(a, alone.params[n]) for n, a in model.params.items())
                if not same or model.history_ != alone.history_:
                    print(f"after {kills} kills series {series} ended elsewhere", flush=True)
                    return 1
            for part in folder.glob("*.part"):  # a SIGKILL may leave one; nobody reads it
                part.unlink()
            minutes = (time.monotonic() - start) / 60
            print(f"{kills} kills, {series} series, all as one, {minutes:.1f} min", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
