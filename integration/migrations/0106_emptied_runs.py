from django.db import migrations, models
from django.db.models import F


def tell_which_are_empty(apps, editor):
    """Until now a run was called pruned only when the last of its lines was gone."""
    pruned = apps.get_model("integration", "Run").objects.exclude(pruned_at=None)
    pruned.update(emptied_at=F("pruned_at"))


class Migration(migrations.Migration):
    dependencies = [("integration", "0105_standing_token")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="emptied_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(tell_which_are_empty, migrations.RunPython.noop),
    ]
