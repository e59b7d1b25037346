from django.db import connection
from django.utils.translation import gettext_lazy as _

from apps.events.work import Work, job

MONTHS_AHEAD = 3


@job("audit.create_partitions", title=_("Make room for the next months of the audit trail"))
def create_partitions(work: Work) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_create_partitions(%s)", [MONTHS_AHEAD])
        return {"made": cursor.fetchone()[0]}
