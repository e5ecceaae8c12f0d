import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integration", "0103_silent_feed_days"),
    ]

    operations = [
        migrations.AddField(
            model_name="canvasconnection",
            name="access_token_ends_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="recipient",
            name="ends",
            field=models.BooleanField(default=True),
        ),
        migrations.CreateModel(
            name="Snooze",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("about", models.CharField(max_length=100)),
                ("count", models.PositiveIntegerField(default=0)),
                ("until", models.DateTimeField()),
                (
                    "district",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="snoozes",
                        to="integration.district",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("district", "about"), name="one_snooze_a_cause"
                    ),
                ],
            },
        ),
    ]
