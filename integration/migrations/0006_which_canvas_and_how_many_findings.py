import django.core.validators
from django.db import migrations, models

import integration.models.policy



class Migration(migrations.Migration):

    dependencies = [
        ('integration', '0005_set_aside'),
    ]

    operations = [
        migrations.AddField(
            model_name='canvasconnection',
            name='account_uuid',
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='finding',
            name='more',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='provisioningpolicy',
            name='changed_share',
            field=models.FloatField(default=0.75, validators=[integration.models.policy.is_share]),
        ),
        migrations.AlterField(
            model_name='provisioningpolicy',
            name='removed_share',
            field=models.FloatField(default=0.1, validators=[integration.models.policy.is_share]),
        ),
        migrations.AlterField(
            model_name='provisioningpolicy',
            name='sis_id_prefix',
            field=models.CharField(blank=True, max_length=32, validators=[django.core.validators.RegexValidator('^[^\\s\\x00-\\x1f\\x7f]*$', 'It holds a space or a control character.')]),
        ),
        migrations.AlterField(
            model_name='provisioningpolicy',
            name='user_sis_id',
            field=models.CharField(default='sourcedId', max_length=64, validators=[django.core.validators.RegexValidator('^[^\\x00-\\x1f\\x7f]*$', 'It holds a control character.')]),
        ),
    ]
