"""Requests by the API: open, read, cancel; the package never leaves by it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.privacy.models import PrivacyRequest
from tests.sample.models import Person

pytestmark = pytest.mark.django_db(transaction=True)
REQUESTS = "/api/v1/privacy/requests/"


def test_an_officer_opens_reads_and_cancels(api, officer, carla: Person):
    client = api(officer)

    made = client.post(
        REQUESTS, {"subjects": [f"sample.person:{carla.pk}"], "received_on": "2026-03-05"}, format="json"
    )
    assert made.status_code == 201
    assert (made.data["state"], made.data["due_on"], made.data["rule"]) == ("received", "2026-04-06", "gdpr-12-3")
    assert str(made.data["asked_by"]) == str(officer.pk)
    assert client.get(f"{REQUESTS}{made.data['id']}/").data == made.data
    assert [row["id"] for row in client.get(REQUESTS, {"state": "received"}).data["results"]] == [made.data["id"]]

    ended = client.post(f"{REQUESTS}{made.data['id']}/cancel/", {"reason": "asked twice"}, format="json")
    assert (ended.status_code, ended.data["state"], ended.data["reason"]) == (200, "cancelled", "asked twice")
    again = client.post(f"{REQUESTS}{made.data['id']}/cancel/", {"reason": "again"}, format="json")
    assert (again.status_code, again.data["code"]) == (409, "already_answered")


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"subjects": ["sample.person:{nobody}"], "received_on": "2026-03-05"}, 409, "unknown_person"),
        ({"subjects": ["sample.person:{carla}"], "received_on": "{tomorrow}"}, 409, "received_later"),
        ({"subjects": [], "received_on": "2026-03-05"}, 400, None),
        ({"subjects": ["sample.person:{carla}"]}, 400, None),
        ({"subjects": ["sample.person:{carla}"], "received_on": "2026-03-05", "state": "ready"}, 400, None),
        ({"subjects": ["sample.person:{carla}"], "received_on": "2026-03-05", "due_on": "2030-01-01"}, 400, None),
        ({"subjects": "sample.person:{carla}", "received_on": "2026-03-05"}, 400, None),
    ],
)
def test_a_bad_wish_stores_nothing(api, officer, carla: Person, wish, status: int, code: str | None):
    tomorrow = timezone.localdate() + timedelta(days=1)
    words = {"{nobody}": str(uuid4()), "{carla}": str(carla.pk), "{tomorrow}": tomorrow.isoformat()}
    said = {name: filled(value, words) for name, value in wish.items()}

    answer = api(officer).post(REQUESTS, said, format="json")

    assert answer.status_code == status
    assert code is None or answer.data["code"] == code
    assert PrivacyRequest.objects.count() == 0


def filled(value, words: dict[str, str]):
    if isinstance(value, list):
        return [filled(item, words) for item in value]
    for mark, word in words.items():
        value = value.replace(mark, word)
    return value


def test_the_package_does_not_leave_by_the_api(api, officer, ready):
    request = ready()
    client = api(officer)

    assert client.get(f"{REQUESTS}{request.pk}/download/").status_code == 404
    told = client.get(f"{REQUESTS}{request.pk}/").data
    assert not {"package", "content", "url"} & set(told)
    assert told["expires_at"] is not None


@pytest.mark.parametrize("role", ["auditor", "administrator", "sample-manager"])
def test_other_roles_see_no_request(api, make_user, opened, role: str):
    request = opened()
    client = api(make_user(role))

    assert client.get(REQUESTS).status_code == 403
    assert client.get(f"{REQUESTS}{request.pk}/").status_code in {403, 404}
    assert client.post(f"{REQUESTS}{request.pk}/cancel/", {"reason": "no"}, format="json").status_code in {403, 404}
    request.refresh_from_db()
    assert request.state == "received"
