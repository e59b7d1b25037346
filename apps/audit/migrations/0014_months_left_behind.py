import apps.audit.operations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0013_index_of_the_watch'),
    ]

    operations = [
        apps.audit.operations.MakeAllMonths(),
    ]
