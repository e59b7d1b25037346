from dataclasses import dataclass
from datetime import date

from apps.events.bus import Event


@dataclass(frozen=True, kw_only=True)
class PersonClosed(Event):
    name = "sample.person_closed"

    person: str


@dataclass(frozen=True, kw_only=True)
class PersonCounted(Event):
    name = "sample.person_counted"

    person: str
    number: int
    on: date | None = None
