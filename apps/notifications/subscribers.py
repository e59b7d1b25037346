from uuid import UUID, uuid5

from apps.audit.events import AlertRaised
from apps.events.bus import on
from apps.events.events import WorkParked
from apps.notifications.services import holders, notify
from apps.privacy.events import RequestFulfilled, RequestOpened


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


@on(AlertRaised)
def tell_auditors(event: AlertRaised) -> None:
    notify(
        holders("audit.decide_alert"),
        about=UUID(event.alert),
        sentence="Something about the audit trail needs your answer. Its page says what was found.",
        path=f"/admin/audit/alert/{event.alert}/change/",
    )


@on(RequestOpened)
def tell_officers_of_request(event: RequestOpened) -> None:
    _tell_officers(
        event.request,
        about=UUID(event.request),
        sentence="A person wants to know what is held about them. The page of the request shows until when.",
    )


@on(RequestFulfilled)
def tell_officers_of_package(event: RequestFulfilled) -> None:
    """A thing of its own, so that an unread notice of the request's opening does not hide it."""
    _tell_officers(
        event.request,
        about=uuid5(UUID(event.request), "package"),
        sentence="The package of a request is ready. Fetch it within five days.",
    )


def _tell_officers(request: str, *, about: UUID, sentence: str) -> None:
    path = f"/admin/privacy/privacyrequest/{request}/change/"
    notify(holders("privacy.download_privacyrequest"), about=about, sentence=sentence, path=path)
