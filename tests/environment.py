"""Settings that every test run starts from; a pytest plugin, so that it is there before Django."""

import os

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("LOG_LEVEL", "WARNING")
# No test is about a PostgreSQL that loses its power.
os.environ.setdefault("PGOPTIONS", "-c synchronous_commit=off")
