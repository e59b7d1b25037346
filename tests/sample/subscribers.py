import time

from apps.events.bus import on
from tests.sample.events import PersonClosed, PersonCounted
from tests.sample.models import Effect


class Poisoned(Exception):
    """What this subscriber says of the person `poison`."""


@on(PersonClosed)
def take_note(event: PersonClosed) -> None:
    Effect.objects.create(what="closed", of=event.person)
    if event.person == "poison":
        raise Poisoned("Mrs. Secret <secret@example.org>")


@on(PersonCounted)
def count(event: PersonCounted) -> None:
    """Slow enough to be killed in the middle, and with an effect before and after the middle."""
    Effect.objects.create(what=f"began {event.number}", of=event.person)
    time.sleep(0.02)
    Effect.objects.create(what=f"ended {event.number}", of=event.person)
