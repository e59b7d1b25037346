"""The trail by API, in the admin and as a report; and reading it leaves an entry."""

import csv
import io
import json
from uuid import UUID

import pytest
from django.core.management import call_command
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.kernel.trail import Action, because
from tests.audit.conftest import ACTOR
from tests.sample.models import Person

EVENTS = "/api/v1/audit/events/"


@pytest.fixture
def auditor(make_user):
    return make_user("auditor")


@pytest.fixture
def renamed(ada, by_actor) -> Person:
    with because("=1+1", batch="b-1"):
        Person.objects.filter(pk=ada.pk).update(name="Eve")
    return ada


def test_an_auditor_reads_entries_and_that_is_recorded_once(api, auditor, renamed):
    answer = api(auditor).get(EVENTS, {"object": str(renamed.pk), "action": "update"})

    [entry] = answer.json()["results"]
    assert (entry["model"], entry["object"], entry["changes"]) == (
        "sample.person",
        str(renamed.pk),
        {"name": ["Ada", "Eve"]},
    )
    assert (UUID(entry["actor"]), entry["request"], entry["address"]) == (ACTOR, "request-1", "192.0.2.7")
    [read] = AuditEvent.objects.filter(action=Action.ACCESS, content_type__model="auditevent")
    assert read.actor_id == auditor.pk
    assert read.additional_data == {
        "door": "list",
        "filters": {"object": str(renamed.pk), "action": "update"},
        "count": 1,
        "ids": [str(entry["id"])],
    }


@pytest.mark.parametrize(
    "query",
    [
        {"actor": str(ACTOR), "model": "sample.person"},
        {"model": "sample.person", "action": "update"},
        {"request": "request-1", "action": "update"},
        {"batch": "b-1"},
        {"since": "2020-01-01T00:00:00Z", "batch": "b-1"},
    ],
)
def test_each_filter_finds_the_entry(api, auditor, renamed, query):
    results = api(auditor).get(EVENTS, query).json()["results"]

    assert [(entry["object"], entry["action"]) for entry in results] == [(str(renamed.pk), "update")]


@pytest.mark.parametrize("query", [{"actor": "nobody"}, {"action": "dance"}, {"since": "soon"}, {"colour": "red"}])
def test_a_filter_that_cannot_be_is_400(api, auditor, query):
    assert api(auditor).get(EVENTS, query).status_code == 400


def test_nobody_without_the_role_reads_it(api, make_user, unit, renamed):
    answer = api(make_user("sample-manager", unit)).get(EVENTS)

    assert answer.status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_is_written_through_the_api(api, auditor, renamed, method):
    event = AuditEvent.objects.filter(batch="b-1").get()

    assert getattr(api(auditor), method)(f"{EVENTS}{event.pk}/", {}).status_code in (403, 405)
    assert AuditEvent.objects.get(batch="b-1").reason == "=1+1"


def test_a_csv_report_is_safe_in_a_spreadsheet_and_recorded(api, auditor, renamed):
    answer = api(auditor).get(f"{EVENTS}report.csv", {"batch": "b-1"})

    [row] = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))
    assert (row["action"], row["object"], row["reason"]) == ("update", str(renamed.pk), "'=1+1")
    assert json.loads(row["changes"]) == {"name": ["Ada", "Eve"]}
    assert AuditEvent.objects.filter(action=Action.EXPORT, actor=auditor.pk).count() == 1


def test_the_shell_writes_the_same_as_lines_of_json(tmp_path, renamed):
    call_command("audit", "report", "--format", "jsonl", "--batch", "b-1", "--output", str(tmp_path / "report.jsonl"))

    [line] = (tmp_path / "report.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert (entry["action"], entry["model"], entry["reason"]) == ("update", "sample.person", "=1+1")
    assert entry["changes"] == {"name": ["Ada", "Eve"]}


def test_a_report_of_a_reason_with_every_odd_character_stays_one_line(tmp_path, ada):
    odd = 'a "quoted" \\ line\nand another\twith 100 % ü'
    with because(odd, batch="b-2"):
        Person.objects.filter(pk=ada.pk).update(name="Eve")

    call_command("audit", "report", "--format", "jsonl", "--batch", "b-2", "--output", str(tmp_path / "report"))

    [line] = (tmp_path / "report").read_text().splitlines()
    assert json.loads(line)["reason"] == odd


def test_the_list_in_the_admin_shows_and_filters(sign_in, auditor, renamed):
    page = sign_in(auditor).get(reverse("admin:audit_auditevent_changelist"), {"batch": "b-1"})

    assert page.status_code == 200
    assert [event.object_pk for event in page.context["cl"].result_list] == [str(renamed.pk)]


def test_an_entry_in_the_admin_shows_the_difference(sign_in, auditor, renamed):
    event = AuditEvent.objects.get(batch="b-1")

    page = sign_in(auditor).get(reverse("admin:audit_auditevent_change", args=[event.pk]))

    assert "Ada → Eve" in page.content.decode()


def test_the_admin_streams_a_report_of_its_filter(sign_in, auditor, renamed):
    answer = sign_in(auditor).get(reverse("admin:audit_auditevent_report_csv"), {"batch": "b-1"})

    assert len(list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))) == 1


def test_the_history_of_a_record_shows_who_changed_what(sign_in, make_user, unit, renamed):
    viewer = make_user("sample-viewer", unit, name="Vera Viewer")

    page = sign_in(viewer).get(reverse("admin:sample_person_history", args=[renamed.pk]))

    assert page.status_code == 200
    newest, _name = page.context["entries"][0]
    expected = "somebody whose account is gone changed name of person P-1 from Ada to Eve"
    assert str(newest).startswith(expected)
    assert page.content.decode().count(expected) == 1


def test_the_history_of_an_invisible_record_does_not_exist(sign_in, make_user, other_unit, renamed):
    stranger = make_user("sample-viewer", other_unit)

    assert sign_in(stranger).get(reverse("admin:sample_person_history", args=[renamed.pk])).status_code == 404
