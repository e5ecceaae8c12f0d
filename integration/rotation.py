"""Every stored secret, sealed anew under the newest of ENCRYPTION_KEYS."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from integration.secrets import reencrypt

_PREFIX = "sealed_"


def reseal() -> int:
    """Seal all secrets anew; how many. Safe beside running work: a row changed meanwhile stays.

    Raises:
        SecretUnreadable: a secret was sealed with a key that is not among ENCRYPTION_KEYS.
    """
    done = 0
    for model, column in sealed_columns():
        rows = model._default_manager.exclude(**{column: ""})  # noqa: SLF001
        for pk, token in list(rows.values_list("pk", column)):
            same = model._default_manager.filter(pk=pk, **{column: token})  # noqa: SLF001
            done += same.update(**{column: reencrypt(token)})
    return done


def sealed_secrets() -> Iterator[str]:
    """All of them, as they are stored."""
    for model, column in sealed_columns():
        rows = model._default_manager.exclude(**{column: ""})  # noqa: SLF001
        yield from rows.values_list(column, flat=True)


def sealed_columns() -> Iterator[tuple[type[models.Model], str]]:
    """Columns that hold secrets are named so."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.name.startswith(_PREFIX):
                yield model, field.name
