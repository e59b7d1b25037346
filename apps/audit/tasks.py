from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.audit.alerts import raise_alert
from apps.audit.context import context_now
from apps.audit.keys import KeyUnusable, keys
from apps.audit.models import Alert, AuditCheckpoint, Verification
from apps.audit.outside import watch
from apps.audit.receivers import delivery
from apps.audit.seal import CHUNK, seal, sign_idle
from apps.audit.verify import verify
from apps.events.work import Work, enqueue, job

MONTHS_AHEAD = 3


@job("audit.create_partitions", title=_("Make room for the next months of the audit trail"))
def create_partitions(work: Work) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_create_partitions(%s)", [MONTHS_AHEAD])
        return {"made": cursor.fetchone()[0]}


@job("audit.sum_refusals", title=_("Count what was refused beyond the first times"))
def sum_refusals(work: Work) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_sum_refusals(%s::jsonb)", [context_now()])
        return {"made": cursor.fetchone()[0]}


@job("audit.watch", title=_("Look for what was written past the application"))
def watch_outside(work: Work) -> dict[str, int]:
    return {"entries": watch()}


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
    delivery.wake(now)
    return {"sealed": sealed}


@job("audit.verify", title=_("Verify the audit trail"), lease=timedelta(minutes=10))
def verify_trail(work: Work) -> dict[str, int]:
    """From aside, because this transaction would hold the trail's table until the end."""
    try:
        verifiers = keys().verifiers
    except KeyUnusable as refusal:
        raise_alert(Alert.Rule.KEY, details={"said": str(refusal)})
        return {"verified": 0}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    sizes = AuditCheckpoint.objects.using(work.aside).order_by("-size").values_list("size", flat=True)
    total = sizes.first() or 0
    verdict = verify(verifiers, told=lambda size: work.progress(size, max(size, total)), using=work.aside)
    first = verdict.findings[0] if verdict.findings else None
    Verification.objects.create(
        entries=verdict.entries,
        checkpoints=verdict.checkpoints,
        unsealed=verdict.unsealed,
        position=first.position if first else None,
        kind=first.kind.value if first else "",
    )
    if first:
        raise_alert(
            Alert.Rule.VERIFY, details={"position": first.position, "kind": first.kind.value, "said": first.detail}
        )
    return {"verified": verdict.entries, "findings": len(verdict.findings)}


@job("audit.deliver", title=_("Wake the receivers of the audit trail"))
def wake_receivers(work: Work) -> dict[str, int]:
    return {"woken": len(delivery.wake(timezone.now()))}


@job(delivery.JOB, title=_("Send to a receiver of the audit trail"), lease=timedelta(minutes=2))
def deliver_to(work: Work, *, receiver: str) -> dict[str, int]:
    """What takes longer than its time is sent by the next job, at once."""
    target = delivery.targets().get(receiver)
    if target is None:
        return {"sent": 0}
    delivered = delivery.deliver(target, now=timezone.now(), using=work.aside, told=work.progress)
    if delivered.more:
        enqueue(delivery.JOB, receiver=receiver)
    return {"sent": delivered.sent}
