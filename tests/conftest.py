"""For all tests."""

from __future__ import annotations

import os

# Before numpy is imported: servers and searches share the machine here, and spinning threads would starve them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import settings

# No test is about how long something takes.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
