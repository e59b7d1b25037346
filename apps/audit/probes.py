from django.utils import timezone

from apps.audit.coverage import coverage
from apps.audit.models import AuditCheckpoint, AuditEvent
from apps.kernel.health import NotReady, ready


@ready("audit")
def _audit() -> str:
    found = coverage()
    faults = [table.table for table in found if table.fault]
    if faults:
        raise NotReady(f"Not tracked as they should be: {', '.join(faults)}. See `manage.py audit coverage`.")
    return f"{sum(1 for table in found if not table.exempt)} tables tracked."


@ready("audit_seal")
def _seal() -> str:
    """How much is not sealed yet. It never stops the service: what is written goes on and is sealed later."""
    last = AuditCheckpoint.objects.order_by("-id").first()
    waiting = AuditEvent.objects.filter(txid__gt=last.txid) if last else AuditEvent.objects.all()
    oldest = waiting.order_by("txid", "id").values_list("timestamp", flat=True).first()
    if oldest is None:
        return "Everything is sealed."
    return f"The oldest entry without a seal is {(timezone.now() - oldest).total_seconds():.0f} s old."
