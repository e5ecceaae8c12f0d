"""Settings that every test run starts from; a pytest plugin, so that it is there before Django."""

import os

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("LOG_LEVEL", "WARNING")
