from uuid import UUID

from apps.events.bus import on
from apps.events.events import WorkParked
from apps.notifications.services import holders, notify


@on(WorkParked)
def tell_operators(event: WorkParked) -> None:
    notify(
        holders("events.retry_work"),
        about=UUID(event.work),
        sentence=(
            f"Background work “{event.job}” failed {event.attempts} times and was set aside. Run it again or let it be."
        ),
        path=f"/admin/events/work/{event.work}/change/",
    )
