"""Two districts, the tokens of one, and somebody who asks with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from integration import tokens
from integration.models import ApiToken, CanvasConnection, District, QConnection

ALL = tuple(ApiToken.Right.values)
MONTH = timedelta(days=30)


@pytest.fixture(autouse=True)
def unthrottled():
    """What earlier tests have asked counts against nobody."""
    cache.clear()


def connected(slug: str) -> District:
    """A district whose two systems answer to nobody here."""
    district = District.objects.create(slug=slug, name=f"{slug.title()} Unified")
    CanvasConnection.objects.create(district=district, base_url=f"https://{slug}.canvas.example")
    QConnection.objects.create(district=district, base_url=f"https://q.{slug}.example")
    return district


@pytest.fixture
def lakeside(db) -> District:
    return connected("lakeside")


@pytest.fixture
def hillside(db) -> District:
    """The neighbour."""
    return connected("hillside")


def token_of(district: District, *rights: str, life: timedelta = MONTH) -> str:
    secret, _ = tokens.make(
        district=district, name="nightly script", rights=rights or ALL, life=life, by="Ada"
    )
    return secret


Ask = Callable[..., Any]


@pytest.fixture
def ask(lakeside: District) -> Ask:
    """GET, or with a body POST, below the district's address; by somebody with all rights."""
    everything = token_of(lakeside)

    def run(path: str = "", body: Any = None, *, secret: str = everything, **query: Any) -> Any:
        at = path if path.startswith(("/", "http")) else f"/api/v1/districts/lakeside/{path}"
        headers = {"Authorization": f"Bearer {secret}"}
        if body is None:
            return Client().get(at, query, headers=headers)
        return Client().post(at, body, content_type="application/json", headers=headers)

    return run
