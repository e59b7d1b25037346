import os
import signal
import time

from apps.events.bus import on
from tests.sample.events import PersonClosed, PersonCounted
from tests.sample.models import Effect

SLOW = 60
"""The number that takes a whole second."""
DEADLY = 666
"""The number that kills the process that counts it."""


class Poisoned(Exception):
    """What this subscriber says of the person `poison`."""


@on(PersonClosed)
def take_note(event: PersonClosed) -> None:
    Effect.objects.create(what="closed", of=event.person)
    if event.person == "poison":
        raise Poisoned("Mrs. Secret <secret@example.org>")


@on(PersonCounted)
def count(event: PersonCounted) -> None:
    """Slow in the middle, so that it can be killed between its two effects."""
    Effect.objects.create(what=f"began {event.number}", of=event.person)
    if event.number == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(1 if event.number == SLOW else 0.01)
    Effect.objects.create(what=f"ended {event.number}", of=event.person)
