"""Finished work and the events behind it are kept for a while; unfinished and parked work is never deleted."""

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from apps.events.models import PublishedEvent, Relay, Work
from apps.kernel.registry import domains

KEEP_WORK = timedelta(days=30)
KEEP_INTERVALS = timedelta(days=1)
"""What runs every few seconds is not worth a month of rows."""
KEEP_EVENTS = timedelta(days=90)
KEEP_RELAYS = timedelta(days=1)
ENDED = (Work.State.DONE, Work.State.REFUSED, Work.State.CANCELLED, Work.State.MISSED)


def prune() -> dict[str, int]:
    ended = Work.objects.filter(state__in=ENDED)
    often = [name for domain in domains for name, hours in domain.schedule.items() if isinstance(hours, timedelta)]
    short, _rows = ended.filter(kind=Work.Kind.SLOT, name__in=often, finished_at__lt=Now() - KEEP_INTERVALS).delete()
    work, _rows = ended.filter(finished_at__lt=Now() - KEEP_WORK).delete()
    kept = Work.objects.filter(event=OuterRef("pk"))
    events, _rows = PublishedEvent.objects.filter(~Exists(kept), created_at__lt=Now() - KEEP_EVENTS).delete()
    Relay.objects.filter(beat_at__lt=Now() - KEEP_RELAYS).delete()
    return {"work": work + short, "events": events}
