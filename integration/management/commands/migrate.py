"""Django's `migrate`, which can be killed at any moment and run again (F82).

Django notes a migration down after its tables are committed, in a transaction of its own. Who is
killed in between leaves tables that nobody knows of, and the next `migrate` fails over them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands import migrate
from django.db import transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor


class Executor(MigrationExecutor):
    """A migration and the note of it are one transaction."""

    def apply_migration(self, state: Any, migration: Migration, *how: Any, **more: Any) -> Any:
        with self._as_one(migration):
            return super().apply_migration(state, migration, *how, **more)

    def unapply_migration(self, state: Any, migration: Migration, *how: Any, **more: Any) -> Any:
        with self._as_one(migration):
            return super().unapply_migration(state, migration, *how, **more)

    @contextmanager
    def _as_one(self, migration: Migration) -> Iterator[None]:
        if not migration.atomic:
            yield
            return
        # SQLite lets nobody switch its checks off within a transaction.
        with (
            self.connection.constraint_checks_disabled(),
            transaction.atomic(using=self.connection.alias),
        ):
            yield


migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]  # where Django's command looks


class Command(migrate.Command):
    """As Django's own."""
