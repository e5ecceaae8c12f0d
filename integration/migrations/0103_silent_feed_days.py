from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integration", "0087_schools"),
    ]

    operations = [
        migrations.AddField(
            model_name="provisioningpolicy",
            name="silent_feed_days",
            field=models.PositiveSmallIntegerField(default=7),
        ),
    ]
