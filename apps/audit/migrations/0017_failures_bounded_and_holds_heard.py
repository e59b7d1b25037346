import apps.audit.operations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0016_pruned_months_again'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='refusalcount',
            name='audit_refusals_of_a_minute',
        ),
        migrations.AddField(
            model_name='refusalcount',
            name='action',
            field=models.PositiveSmallIntegerField(db_default=8, default=8, verbose_name='action'),
        ),
        migrations.AddConstraint(
            model_name='refusalcount',
            constraint=models.UniqueConstraint(fields=('minute', 'who', 'action'), name='audit_refusals_of_a_minute'),
        ),
        apps.audit.operations.BoundSignIns(),
        apps.audit.operations.HoldBackRedaction(),
    ]
