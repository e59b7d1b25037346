import apps.audit.operations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0017_failures_bounded_and_holds_heard'),
    ]

    operations = [
        apps.audit.operations.TakeSaltsOut(),
    ]
