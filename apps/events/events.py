from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True, kw_only=True)
class WorkParked(Event):
    """Work failed as often as it may. It waits for somebody who runs it again or lets it be."""

    name = "events.work_parked"

    work: str
    job: str
    attempts: int
