"""Which year is lived, and how much of it."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("simulation")
    group.addoption("--seed", default=None, help="live the year of this seed (a failure names its)")
    group.addoption("--nights", default=None, type=int, help="… for so many nights")
