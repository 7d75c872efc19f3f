import os

from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"  # before anything imports matplotlib
# and before anything imports NumPy: on products this small a second thread only waits
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("minivae", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("minivae")
