from django.utils import timezone

from apps.audit import ddl
from apps.audit.coverage import coverage
from apps.audit.models import AuditCheckpoint, AuditEvent, Verification
from apps.audit.receivers.delivery import silent_since, standing
from apps.kernel.health import NotReady, ready
from apps.kernel.metrics import gauge


@ready("audit")
def _audit() -> str:
    found = coverage()
    faults = [table.table for table in found if table.fault]
    if faults:
        raise NotReady(f"Not tracked as they should be: {', '.join(faults)}. See `manage.py audit coverage`.")
    is_recording, fault = ddl.recording()
    if fault:
        raise NotReady(fault)
    schema = "" if is_recording else " Changes of the schema are not recorded: see `manage.py audit ddl`."
    return f"{sum(1 for table in found if not table.exempt)} tables tracked.{schema}"


@ready("audit_seal")
def _seal() -> str:
    """How much is not sealed yet. It never stops the service: what is written goes on and is sealed later."""
    last = AuditCheckpoint.objects.order_by("-id").first()
    waiting = AuditEvent.objects.filter(txid__gt=last.txid) if last else AuditEvent.objects.all()
    oldest = waiting.order_by("txid", "id").values_list("timestamp", flat=True).first()
    if oldest is None:
        return "Everything is sealed."
    return f"The oldest entry without a seal is {(timezone.now() - oldest).total_seconds():.0f} s old."


@ready("audit_verify")
def _verify() -> str:
    """What the last look at the whole log found. A log that was altered is an alert and never stops the service."""
    last = Verification.objects.order_by("-created_at").first()
    if last is None:
        return "The log was never verified here: it is every night."
    found = "intact" if last.is_intact else f"{last.kind} at position {last.position}"
    return f"Verified {last.created_at:%Y-%m-%dT%H:%M:%SZ}, {last.entries} sealed entries: {found}."


@ready("audit_receivers")
def _receivers() -> str:
    """Who has what. A receiver that takes nothing never stops the service: what waits for it is sent later."""
    now = timezone.now()
    said = []
    for target, row in standing():
        taken = f"{(now - row.last_success_at).total_seconds():.0f} s ago" if row.last_success_at else "never"
        since = f"; something waits since {row.waiting_since:%Y-%m-%dT%H:%M:%SZ}" if row.waiting_since else ""
        refusal = f". {row.last_refusal}" if row.last_refusal else ""
        said.append(f"{target.name}: last success {taken}{since}{refusal}")
    return " | ".join(said) or "No receiver: nobody outside would notice a log that was replaced."


@gauge("steward_audit_receiver_lag_seconds", "How long something waits for a receiver of the trail.", label="receiver")
def receivers_lag() -> dict[str, float]:
    now = timezone.now()
    since = {target.name: silent_since(target, row) for target, row in standing()}
    return {name: max(0.0, (now - moment).total_seconds()) if moment else 0.0 for name, moment in since.items()}
