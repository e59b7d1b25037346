import apps.audit.operations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0015_right_to_redact'),
    ]

    operations = [
        apps.audit.operations.TakeStepsByPosition(),
    ]
