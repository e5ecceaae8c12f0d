"""Which database an app has, and how its tables come to be (there are no migrations)."""

from typing import Any

from django.apps import apps
from django.db import connections


def label(model: Any) -> str:
    """The label of the app that a model, or a row of it, belongs to."""
    return str(model._meta.app_label)


class OneFilePerApp:
    """The app's label is the name of its database."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return label(model)

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return label(model)

    def allow_relation(self, left: Any, right: Any, **hints: Any) -> bool:
        return label(left) == label(right)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == app_label


def create_tables(app: str) -> None:
    """Create the tables of `app` that its database lacks; what is there is left alone."""
    connection = connections[app]
    there = set(connection.introspection.table_names())
    models = apps.get_app_config(app).get_models()
    missing = [model for model in models if model._meta.db_table not in there]
    with connection.schema_editor() as editor:
        for model in missing:
            editor.create_model(model)
