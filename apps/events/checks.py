"""Promises about events and jobs that are held before anything starts."""

import inspect
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from types import NoneType
from typing import Any

from django.core.checks import CheckMessage, Error, register

from apps.events.bus import Event, declared_events, field_types
from apps.events.work import jobs
from apps.kernel.registry import domains

PLAIN = {str, int, bool, date, NoneType}
PERSONAL = {
    "address", "birthday", "born", "city", "comment", "email", "firstname", "iban", "ip", "lastname", "mail", "message",
    "mobile", "name", "note", "phone", "postcode", "street", "surname", "text", "title", "username",
}  # fmt: skip
"""Words of a field's name that smell of a personal value."""


def _all_events(event: type[Event] = Event) -> Iterator[type[Event]]:
    for kind in event.__subclasses__():
        yield kind
        yield from _all_events(kind)


def event_errors(events: Sequence[type[Event]], declared: Sequence[type[Event]]) -> Iterator[CheckMessage]:
    for event in events:
        if event not in declared:
            yield Error(
                f"No manifest lists the event {event.__qualname__}.",
                hint="Add it to `events` of the Domain in domain.py.",
                obj=event,
                id="events.E001",
            )
        yield from _field_errors(event)
    for name, count in Counter(event.name for event in declared).items():
        if not name or count > 1:
            yield Error(
                f"{count} events are called {name!r}.", hint="An event has a name that no other has.", id="events.E002"
            )


def _field_errors(event: type[Event]) -> Iterator[CheckMessage]:
    for field, types in field_types(event).items():
        if not PLAIN.issuperset(types):
            yield Error(
                f"{event.__qualname__}.{field} is neither text, a whole number, a truth value nor a day.",
                hint="Carry the key of a row; write a Decimal as text.",
                obj=event,
                id="events.E003",
            )
        if PERSONAL.intersection(field.lower().split("_")):
            yield Error(
                f"{event.__qualname__}.{field} looks like a personal value.",
                hint="Carry the key of the row that holds the value: erasure cannot reach into events.",
                obj=event,
                id="events.E004",
            )


def schedule_errors() -> Iterator[CheckMessage]:
    for domain in domains:
        for name in domain.schedule:
            if name not in jobs:
                yield Error(
                    f"The domain {domain.label} schedules {name!r}, which is not a job.",
                    hint="Register it by @job in tasks.py, or correct the name.",
                    id="events.E005",
                )
            elif not _runs_alone(jobs[name].function):
                yield Error(
                    f"The scheduled job {name!r} needs arguments, and a schedule has none.",
                    hint="Give its arguments defaults.",
                    id="events.E006",
                )


def _runs_alone(function: Any) -> bool:
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    return True


@register
def check_events(**_options: Any) -> list[CheckMessage]:
    return [*event_errors(list(_all_events()), list(declared_events())), *schedule_errors()]
