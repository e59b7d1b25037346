"""Sealing in tests, until no entry waits."""

import time

from django.utils import timezone

from apps.audit.keys import keys
from apps.audit.models import AuditEvent, AuditLeaf
from apps.audit.seal import seal

SECONDS = 20


def seal_everything(*, limit: int = 100) -> int:
    """Until no entry waits; returns how long the log is."""
    until = time.monotonic() + SECONDS
    while AuditEvent.objects.exclude(pk__in=AuditLeaf.objects.values("event")).exists():
        assert time.monotonic() < until, "Some transaction has not ended for a minute."
        if not seal(keys(), now=timezone.now(), limit=limit):
            time.sleep(0.05)
    return AuditLeaf.objects.count()
