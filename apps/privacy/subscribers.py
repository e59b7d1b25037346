from uuid import UUID

from apps.events.bus import on
from apps.events.events import WorkParked
from apps.privacy.services import give_up


@on(WorkParked)
def note_failure(event: WorkParked) -> None:
    if event.job == "privacy.export":
        give_up(UUID(event.work))
