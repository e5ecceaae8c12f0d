"""Django's name for the local Q; each connection to its database learns the filter function."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class QConfig(AppConfig):
    """The local Q."""

    name = "sandbox.q"
    label = "q"

    def ready(self) -> None:
        connection_created.connect(_prepare, dispatch_uid="sandbox.q")


def _prepare(connection: Any, **_: Any) -> None:
    if connection.alias != "q":
        return
    from sandbox.q import filters

    connection.connection.create_function("q_holds", 4, filters.holds, deterministic=True)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA mmap_size = 2000000000")
        cursor.execute("PRAGMA cache_size = -64000")
