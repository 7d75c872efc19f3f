import os

from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"  # before anything imports matplotlib

settings.register_profile("minivae", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("minivae")
