"""The audit log can be added to and read; the database refuses the rest. Links of its chain."""

import django.db.models.functions.datetime
from django.db import migrations, models

TABLES = ("integration_auditevent", "integration_auditseal")
SAYS = "The audit log is append-only."

FUNCTION = f"""
CREATE OR REPLACE FUNCTION integration_audit_is_final() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{SAYS}'; END $$
"""


def guard(apps, editor):
    if editor.connection.vendor == "postgresql":
        editor.execute(FUNCTION)
    for table in TABLES:
        if editor.connection.vendor == "postgresql":
            editor.execute(
                f"CREATE TRIGGER {table}_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION integration_audit_is_final()"
            )
            continue
        for act in ("UPDATE", "DELETE"):
            editor.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
            )


def unguard(apps, editor):
    for table in TABLES:
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_is_final ON {table}")
            continue
        for act in ("update", "delete"):
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{act}")
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION IF EXISTS integration_audit_is_final()")


class Migration(migrations.Migration):
    dependencies = [("integration", "0078_notices")]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event", models.BigIntegerField(unique=True)),
                ("hash", models.CharField(max_length=64)),
                (
                    "at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.RunPython(guard, unguard),
    ]
