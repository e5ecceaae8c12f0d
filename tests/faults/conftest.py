"""One stage for all tests of what befalls a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.acts import Undisturbed
from tests.faults.stage import Stage, stage


@pytest.fixture(scope="session")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="session")
def undisturbed(theatre: Stage) -> Undisturbed:
    return Undisturbed(theatre)
