"""A district whose course 5 has two sections, both classes of Q, and nothing read of it yet."""

from __future__ import annotations

import pytest
from django.utils import timezone

from integration.models import (
    CanvasConnection,
    District,
    Installation,
    ProvisioningPolicy,
    QConnection,
    RosterRow,
)
from lti.models import Deployment, Platform
from tests.gradesync.screens.stage import HOSTS, Stage


@pytest.fixture
def stage(db: None) -> Stage:
    return district("lakeside")


def district(slug: str) -> Stage:
    """A district of its own, with its platform."""
    made = District.objects.create(
        slug=slug, name="Lakeside Unified", provisioned_at=timezone.now()
    )
    QConnection.objects.create(
        district=made,
        base_url="https://q.example/ims/oneroster/v1p1",
        profile={"deletes_results": True},
    )
    CanvasConnection.objects.create(
        district=made, base_url=f"https://{HOSTS[0]}", account_uuid="u9bC3kzT-lakeside"
    )
    ProvisioningPolicy.objects.create(district=made)
    for key in ("c1", "c2"):
        RosterRow.objects.create(
            district=made, kind="sections", key=key, digest=b"0" * 16, row="[]"
        )
    platform = Platform.objects.create(
        issuer="https://canvas.instructure.com",
        client_id=slug,
        auth_url="https://a.example",
        token_url="https://a.example",
        jwks_url="https://a.example",
    )
    deployment = Deployment.objects.create(platform=platform, deployment_id="1:x", hosts=HOSTS)
    Installation.objects.create(
        district=made, deployment=deployment, canvas=slug, claimed_by="the test"
    )
    return Stage(made, deployment)
