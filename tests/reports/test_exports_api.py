"""A list of the API as a file: who gets it, of which rows, and what is refused."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from rest_framework.test import APIClient

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from apps.accounts.services import issue_token
from apps.audit.models import AuditEvent
from apps.events.models import Work
from apps.files.models import StoredFile
from apps.kernel.trail import Action
from apps.reports import services
from apps.reports.models import Export
from tests.reports.conftest import work_off
from tests.sample.models import Person, PersonGrant

EXPORTS = "/api/v1/exports/"
pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture
def client(api: Callable[[User], APIClient], viewer: User) -> APIClient:
    return api(viewer)


def ask(client: APIClient, resource: str = "sample/people", form: str = "csv", **query: str) -> Any:
    return client.post(EXPORTS, {"resource": resource, "query": query, "format": form})


def content_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def lines_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content_of(answer).decode("utf-8-sig"))))


def test_a_list_is_asked_for_followed_and_taken(client: APIClient, unit: Unit) -> None:
    grun, odd = Person.objects.filter(unit=unit).order_by("-number")

    asked = ask(client, ordering="-number")
    assert (asked.status_code, asked.json()["rows"]) == (202, None)
    assert asked["Location"] == f"/api/v1/jobs/{asked.json()['job']}/"
    waiting = client.get(asked["Location"])
    assert (waiting.json()["state"], waiting["Retry-After"]) == ("ready", "1")

    work_off()

    job = client.get(asked["Location"]).json()
    assert (job["state"], job["done"], job["total"], job["result"]["rows"]) == ("done", 2, 2, 2)
    table = client.get(job["result"]["file"])
    assert (table["Content-Type"], table["Content-Disposition"]) == (
        "text/csv; charset=utf-8",
        'attachment; filename="persons.csv"',
    )
    assert lines_of(table) == [
        ["Key", "Unit", "Number", "Name", "Email", "Created at", "Updated at"],
        [str(grun.pk), str(unit.pk), "2", "Zoë Grün", "", moment(grun.created_at), moment(grun.updated_at)],
        [str(odd.pk), str(unit.pk), "1", "'=HYPERLINK(1)", odd.email, moment(odd.created_at), moment(odd.updated_at)],
    ]
    assert Person.objects.get(number="1").name == "=HYPERLINK(1)"


def moment(said: Any) -> str:
    return said.isoformat().replace("+00:00", "Z")


def test_the_filters_of_the_list_narrow_the_export(client: APIClient) -> None:
    asked = ask(client, number="2")
    work_off()

    assert [row[2] for row in lines_of(client.get(f"{EXPORTS}{asked.json()['id']}/file/"))] == ["Number", "2"]


@pytest.mark.parametrize("accepted", ["text/csv", "application/octet-stream", "*/*", "application/json"])
def test_a_file_comes_in_its_own_type_whatever_is_asked_for(client: APIClient, accepted: str) -> None:
    asked = ask(client)
    path = f"{EXPORTS}{asked.json()['id']}/file/"

    refused = client.get(path, headers={"Accept": accepted})
    work_off()
    file = client.get(path, headers={"Accept": accepted})

    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    assert (file.status_code, file["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert content_of(file)


def test_json_lines_keep_their_values(client: APIClient) -> None:
    asked = ask(client, form="jsonl", number="1")
    work_off()

    content = content_of(client.get(f"{EXPORTS}{asked.json()['id']}/file/"))
    assert [orjson.loads(line)["name"] for line in content.splitlines()] == ["=HYPERLINK(1)"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"resource": "sample/people", "format": "csv", "query": {"colour": "red"}}, "/query/colour"),
        ({"resource": "sample/people", "format": "csv", "query": {"ordering": "email"}}, "/query/ordering"),
        ({"resource": "sample/people", "format": "csv", "query": {"cursor": "x"}}, "/query/cursor"),
        ({"resource": "sample/nothing", "format": "csv"}, "/resource"),
        ({"resource": "sample/people", "format": "pdf"}, "/format"),
        ({"resource": "sample/people", "format": "csv", "query": "number=1"}, "/query"),
        ({"resource": "sample/people", "format": "csv", "filters": {}}, "/filters"),
    ],
)
def test_what_the_list_does_not_know_is_refused_at_once(client: APIClient, body: dict[str, Any], pointer: str) -> None:
    refused = client.post(EXPORTS, body)

    assert refused.status_code == 400
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert (Export.objects.count(), Work.objects.count()) == (0, 0)


def test_without_the_permission_nothing_is_asked_for(api: Callable, make_user: Callable) -> None:
    refused = ask(api(make_user()))

    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert Export.objects.count() == 0


def test_a_token_exports_no_more_than_it_may_read(viewer: User) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    _, key = issue_token(viewer, name="narrow", scopes=["integrations:read", "integrations:write"], expires_at=tomorrow)
    narrow = APIClient()
    narrow.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")

    assert ask(narrow).status_code == 403
    assert Export.objects.count() == 0


def test_nobody_else_sees_or_takes_it(client: APIClient, api: Callable, make_user: Callable, unit: Unit) -> None:
    asked = ask(client)
    work_off()
    own = asked.json()["id"]
    colleague = api(make_user("sample-viewer", unit))

    assert [colleague.get(f"{EXPORTS}{own}/{part}").status_code for part in ("", "file/")] == [404, 404]
    assert colleague.get(asked["Location"]).status_code == 404
    operator = api(make_user("operator")).get(asked["Location"])
    assert (operator.status_code, operator.json()["result"]) == (200, {"rows": 2})


def test_a_right_that_was_lost_meanwhile_ends_the_export_with_a_sentence(client: APIClient, viewer: User) -> None:
    asked = ask(client)
    Assignment.objects.filter(user=viewer).delete()

    work_off()

    job = client.get(asked["Location"]).json()
    assert (job["state"], job["error"]) == ("refused", "not_permitted: Your roles do not allow this.")
    assert StoredFile.objects.count() == 0
    assert client.get(f"{EXPORTS}{asked.json()['id']}/file/").json()["code"] == "export_not_made"


def test_a_right_that_is_lost_afterwards_closes_the_file(client: APIClient, viewer: User) -> None:
    asked = ask(client)
    work_off()

    Assignment.objects.filter(user=viewer).delete()

    refused = client.get(f"{EXPORTS}{asked.json()['id']}/file/")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")


def test_a_file_that_holds_more_than_one_may_see_now_is_not_handed_over(
    client: APIClient, viewer: User, other_unit: Unit
) -> None:
    also_there = Assignment.objects.create(user=viewer, role=viewer.assignments.get().role, unit=other_unit)
    asked = ask(client)
    work_off()
    assert client.get(asked["Location"]).json()["result"]["rows"] == 3

    also_there.delete()

    refused = client.get(f"{EXPORTS}{asked.json()['id']}/file/")
    assert (refused.status_code, refused.json()["code"]) == (409, "rights_changed")


def test_a_grant_opens_one_row_and_its_end_closes_the_file(
    api: Callable, make_user: Callable, other_unit: Unit
) -> None:
    guest = make_user()
    far = Person.objects.get(unit=other_unit)
    grant = PersonGrant.objects.create(
        user=guest, permission=Permission.objects.get(codename="view_person"), content_object=far
    )
    client = api(guest)
    asked = ask(client)
    work_off()
    file = f"{EXPORTS}{asked.json()['id']}/file/"
    assert [row[2] for row in lines_of(client.get(file))] == ["Number", "3"]

    grant.delete()

    assert client.get(file).status_code == 403


def test_a_right_that_is_lost_while_the_rows_are_read_leaves_no_file(
    client: APIClient, viewer: User, other_unit: Unit
) -> None:
    also_there = Assignment.objects.create(user=viewer, role=viewer.assignments.get().role, unit=other_unit)
    asked = ask(client).json()["id"]

    def lose_it(done: int, total: int) -> None:
        Assignment.objects.filter(pk=also_there.pk).delete()

    with pytest.raises(services.RightsChanged):
        services.make(UUID(asked), progress=lose_it)

    assert StoredFile.objects.count() == 0


def test_a_file_is_gone_after_its_day(client: APIClient) -> None:
    asked = ask(client)
    work_off()
    StoredFile.objects.update(expires_at=timezone.now())

    refused = client.get(f"{EXPORTS}{asked.json()['id']}/file/")

    assert (refused.status_code, refused.json()["code"]) == (409, "file_expired")


def test_the_trail_names_the_filters_and_never_their_values(client: APIClient) -> None:
    asked = ask(client, number="2")
    work_off()
    content_of(client.get(f"{EXPORTS}{asked.json()['id']}/file/"))

    entries = AuditEvent.objects.filter(action=Action.EXPORT).order_by("pk")
    assert [(entry.additional_data["step"], entry.additional_data["filters"]) for entry in entries] == [
        ("made", ["number"]),
        ("taken", ["number"]),
    ]
    assert Work.objects.get(name="reports.export").arguments == {"export": asked.json()["id"]}


def test_five_exports_at_once_are_enough(client: APIClient) -> None:
    for _ in range(5):
        assert ask(client).status_code == 202

    refused = ask(client)

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_exports")
    assert Export.objects.count() == 5


def test_what_is_a_week_old_is_forgotten(client: APIClient) -> None:
    old, young = ask(client).json()["id"], ask(client).json()["id"]
    Export.objects.filter(pk=old).update(created_at=timezone.now() - timedelta(days=8))

    assert services.prune(now=timezone.now()) == 1

    assert [str(export.pk) for export in Export.objects.all()] == [young]
