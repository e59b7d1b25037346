"""The officer's desk in the admin: search, open, follow, fetch once after signing in again."""

import io
import zipfile
from datetime import date, timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.events.work import execute
from apps.files.models import StoredFile
from apps.kernel.trail import Action
from apps.privacy.clock import clock
from apps.privacy.models import PrivacyRequest
from tests.sample.models import Person

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/privacy/privacyrequest/"


def again(client):
    """Says the password once more."""
    page = client.get("/accounts/reauthenticate/")
    assert page.status_code == 200
    answer = client.post("/accounts/reauthenticate/", {"password": "a long enough password"})
    assert answer.status_code == 302


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


def test_an_empty_desk_says_what_to_do(sign_in, officer):
    assert "Nobody has asked for their data yet." in sign_in(officer).get(LIST).content.decode()


def test_search_tick_open_gather_fetch(sign_in, officer, carla: Person):
    client = sign_in(officer)
    subject = f"sample.person:{carla.pk}"

    found = client.post(f"{LIST}add/", {"words": "carla", "search": "1"}).content.decode()
    assert subject in found
    assert "P-7" in found
    assert "Carla Canary" not in found
    opened = client.post(
        f"{LIST}add/", {"words": "carla", "subjects": [subject], "received_on": "2026-03-05", "note": "", "open": "1"}
    )

    request = PrivacyRequest.objects.get()
    assert opened["Location"] == f"{LIST}{request.pk}/change/"
    assert (request.asked_by, request.due_on) == (officer, date(2026, 4, 6))
    assert "The package is being made:" in client.get(opened["Location"]).content.decode()
    execute(request.work)
    assert "Fetch the package" in client.get(opened["Location"]).content.decode()

    download = f"{LIST}{request.pk}/download/"
    again(client)
    assert client.get(download).status_code == 200
    assert PrivacyRequest.objects.get().state == "ready"
    package = client.post(download)
    with zipfile.ZipFile(io.BytesIO(body(package))) as archive:
        assert b"Carla Canary" in archive.read(f"dsar-{request.pk}/data/records/sample.person.jsonl")
    assert package["Content-Disposition"] == f'attachment; filename="dsar-{request.pk}.zip"'
    assert AuditEvent.objects.filter(action=Action.EXPORT, actor_id=officer.pk).count() == 2
    assert client.post(download)["Location"] == f"{LIST}{request.pk}/change/"
    assert StoredFile.objects.get().deleted_at is not None


def test_fetching_demands_to_sign_in_again(sign_in, officer, ready):
    request = ready()
    client = sign_in(officer)

    for ask in (client.get, client.post):
        answer = ask(f"{LIST}{request.pk}/download/")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/")
        assert "reauthenticate" in answer["Location"]

    request.refresh_from_db()
    assert request.state == "ready"


def test_an_expired_package_is_refused(sign_in, officer, ready):
    request = ready()
    StoredFile.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    client = sign_in(officer)
    again(client)

    answer = client.post(f"{LIST}{request.pk}/download/", follow=True)

    assert "This file was kept for a few days and is gone." in answer.content.decode()
    request.refresh_from_db()
    assert request.state == "ready"


@pytest.mark.parametrize("role", ["auditor", "administrator", "operator", "sample-manager"])
def test_other_roles_are_refused_everywhere(sign_in, make_user, ready, role: str):
    request = ready()
    client = sign_in(make_user(role, password="a long enough password"))
    again(client)

    for address in ("", "add/", f"{request.pk}/change/", f"{request.pk}/download/"):
        assert client.get(f"{LIST}{address}").status_code == 403, address
    assert client.post(f"{LIST}{request.pk}/download/").status_code == 403
    assert client.post(f"{LIST}add/", {"words": "carla", "search": "1"}).status_code == 403
    request.refresh_from_db()
    assert request.state == "ready"


def test_a_wish_about_nobody_or_from_tomorrow_is_refused_and_nothing_is_lost(sign_in, officer, carla: Person):
    client = sign_in(officer)
    tomorrow = timezone.localdate() + timedelta(days=1)
    wish = {"words": "carla", "received_on": "2026-03-05", "note": "by letter", "open": "1"}

    nobody = client.post(f"{LIST}add/", wish).content.decode()
    later = client.post(
        f"{LIST}add/", {**wish, "subjects": [f"sample.person:{carla.pk}"], "received_on": tomorrow.isoformat()}
    ).content.decode()

    assert "Choose at least one record of the person" in nobody
    assert "A request cannot be received in the future." in later
    assert "by letter" in later
    assert PrivacyRequest.objects.count() == 0


def test_cancelling_asks_for_a_reason(sign_in, officer, opened):
    request = opened()
    client = sign_in(officer)
    chosen = {"action": "cancel", "_selected_action": str(request.pk)}

    assert "Reason" in client.post(LIST, chosen).content.decode()
    request.refresh_from_db()
    assert request.state == "received"
    client.post(LIST, {**chosen, "reason": "asked twice"})

    request.refresh_from_db()
    assert (request.state, request.reason) == ("cancelled", "asked twice")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (12, ("fine", "12 days left")),
        (7, ("soon", "7 days left")),
        (1, ("soon", "1 day left")),
        (0, ("late", "due today")),
        (-1, ("late", "1 day overdue")),
        (-3, ("late", "3 days overdue")),
    ],
)
def test_the_clock_speaks(days: int, said: tuple[str, str]):
    assert clock(PrivacyRequest(due_on=timezone.localdate() + timedelta(days=days))) == said


def test_the_list_shows_the_clock(sign_in, officer, opened):
    opened()

    assert "overdue" in sign_in(officer).get(LIST).content.decode()
