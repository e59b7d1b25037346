from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.audit.alerts import raise_alert
from apps.audit.keys import KeyUnusable, keys
from apps.audit.models import Alert, AuditCheckpoint
from apps.audit.seal import CHUNK, seal, sign_idle
from apps.events.work import Work, enqueue, job

MONTHS_AHEAD = 3


@job("audit.create_partitions", title=_("Make room for the next months of the audit trail"))
def create_partitions(work: Work) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_create_partitions(%s)", [MONTHS_AHEAD])
        return {"made": cursor.fetchone()[0]}


@job("audit.seal", title=_("Seal the audit trail"), lease=timedelta(minutes=2))
def seal_trail(work: Work) -> dict[str, int]:
    """What is more than one transaction should hold is sealed by the next job, at once."""
    now = timezone.now()
    try:
        usable = keys()
    except KeyUnusable as refusal:
        raise_alert(Alert.Rule.KEY, details={"said": str(refusal)})
        return {"sealed": 0}
    sealed = seal(usable, now=now) or 0
    if sealed == CHUNK:
        enqueue("audit.seal")
    elif (
        not sealed and not AuditCheckpoint.objects.filter(signed_at__gt=now - settings.AUDIT_CHECKPOINT_EVERY).exists()
    ):
        sign_idle(usable, now=now)
    return {"sealed": sealed}
