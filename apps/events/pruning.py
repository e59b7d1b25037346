"""Finished work and the events behind it are kept for a while; unfinished and parked work is never deleted."""

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from apps.events.models import PublishedEvent, Relay, Work

KEEP_WORK = timedelta(days=30)
KEEP_EVENTS = timedelta(days=90)
KEEP_RELAYS = timedelta(days=1)
ENDED = (Work.State.DONE, Work.State.REFUSED, Work.State.CANCELLED, Work.State.MISSED)


def prune() -> dict[str, int]:
    work, _rows = Work.objects.filter(state__in=ENDED, finished_at__lt=Now() - KEEP_WORK).delete()
    kept = Work.objects.filter(event=OuterRef("pk"))
    events, _rows = PublishedEvent.objects.filter(~Exists(kept), created_at__lt=Now() - KEEP_EVENTS).delete()
    Relay.objects.filter(beat_at__lt=Now() - KEEP_RELAYS).delete()
    return {"work": work, "events": events}
