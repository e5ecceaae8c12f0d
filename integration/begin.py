"""Whoever begins something looks first whether it is under way; two at once take turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from integration.models import District


@contextmanager
def turn(district: District) -> Iterator[None]:
    """A transaction that nobody else has at the same time for this district.

    PostgreSQL locks the row; on SQLite every transaction waits for the one before (settings.py).
    """
    with transaction.atomic():
        District.objects.select_for_update().get(pk=district.pk)
        yield
