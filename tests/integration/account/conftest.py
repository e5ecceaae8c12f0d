"""An administrator in a district of which nothing is known yet."""

from __future__ import annotations

import pytest

from integration.models import District, ProvisioningPolicy
from tests.integration.account.visiting import Visit, installed, visit


@pytest.fixture
def district() -> District:
    found = District.objects.create(slug="lakeside", name="Lakeside Unified")
    ProvisioningPolicy.objects.create(district=found)
    return found


@pytest.fixture
def admin(district) -> Visit:
    return visit(installed(district))
