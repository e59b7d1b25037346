"""The doors of the trail and of its reports: who may open them, and what each of them lets out or leaves behind."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from axes.models import AccessLog
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from apps.access.models import Assignment
from apps.audit.alerts import raise_alert
from apps.audit.holds import set_hold
from apps.audit.models import Alert, AuditEvent
from apps.events.work import enqueue
from apps.kernel.trail import Action, Context, acting
from apps.oversight.models import ReportDefinition, ReportRun
from tests.sample.models import Person

pytestmark = pytest.mark.django_db

LIST = "/admin/audit/auditevent/"
API = "/api/v1/audit/events/"
TYPED = ["quintessa@example.org", "Ada Quintessa"]
ASKED = [
    *(
        f"{door}?{name}={{typed}}"
        for door in (LIST, f"{LIST}report-csv/")
        for name in ("q", "object", "batch", "model")
    ),
    *(f"{door}?request={{typed}}" for door in (LIST, f"{LIST}report-jsonl/", API, f"{API}report.csv")),
    *(f"{door}?{name}={{typed}}" for door in (API, f"{API}report.jsonl") for name in ("object", "batch")),
    f"{API}report.csv?actor={{typed}}",
    f"{LIST}record/sample.person/{{typed}}/",
    f"{LIST}request/{{typed}}/",
    f"{LIST}batch/{{typed}}/",
    f"{LIST}moment/sample.person/{{typed}}/?at=2026-01-01T00:00:00",
]


@pytest.fixture
def auditor(make_user):
    return make_user("auditor")


def test_what_somebody_types_to_find_a_person_is_not_in_the_trail(api, sign_in, auditor):
    browser, client = sign_in(auditor), api(auditor)
    before = AuditEvent.objects.latest("pk").pk
    opened = 0

    for door in ASKED:
        for typed in TYPED:
            answer = (client if door.startswith(API) else browser).get(door.format(typed=quote(typed)))
            assert answer.status_code in {200, 400}, door
            opened += answer.status_code == 200
            if answer.streaming:
                b"".join(answer.streaming_content)

    looks = AuditEvent.objects.filter(pk__gt=before, action__in=[Action.ACCESS, Action.EXPORT])
    assert looks.count() == opened > 2 * len(ASKED) - 4
    assert "uintessa" not in json.dumps(list(looks.values_list("additional_data", "object_pk", "reason")))


def test_keys_and_words_of_the_trail_stay_in_it(api, auditor):
    asked = {"batch": "b-1", "request": "request-1", "model": "sample.person", "action": "update"}

    b"".join(api(auditor).get(f"{API}report.csv", asked).streaming_content)

    [taken] = AuditEvent.objects.filter(action=Action.EXPORT)
    assert taken.additional_data == {"form": "csv", "filters": asked}


def test_a_row_that_the_trail_does_not_record_has_no_past(sign_in, auditor):
    log = AccessLog.objects.create(username="quintessa@example.org", ip_address="198.51.100.77")
    door = reverse("admin:audit_moment", args=["axes.accesslog", log.pk])

    page = sign_in(auditor).get(door, {"at": timezone.now().isoformat()})

    assert page.context["lines"] == []
    assert b"quintessa" not in page.content


@pytest.fixture
def keys(make_user, auditor) -> dict[str, Any]:
    officer = make_user("data-protection-officer")
    report = ReportDefinition.objects.create(title="All", kind="entries", format="csv", owner=officer)
    return {
        "events": AuditEvent.objects.latest("pk").pk,
        "alerts": raise_alert(Alert.Rule.VERIFY, about="7").pk,
        "holds": set_hold(reason="Case 7", by=officer).pk,
        "reports": report.pk,
        "reports/runs": ReportRun.objects.create(definition=report, format="csv", requested_by=officer).pk,
    }


OTHERS = ["administrator", "access-reviewer", "operator", "sample-manager", None]


@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_learns_even_which_keys_there_are(api, make_user, unit, keys, role: str | None):
    platform = role is not None and not role.startswith("sample")
    client = api(make_user(role, None if platform else unit) if role else make_user())
    nowhere = {name: 10**9 if name == "events" else "01900000-0000-7000-8000-000000000000" for name in keys}
    verbs = {"alerts": "explain/", "holds": "release/", "reports": "run/", "reports/runs": "file/"}

    for name in keys:
        for key in (keys[name], nowhere[name]):
            door = f"/api/v1/audit/{name}/{key}/"
            assert client.get(door).status_code == 403, door
            if name in verbs:
                method = client.get if name == "reports/runs" else client.post
                assert method(f"{door}{verbs[name]}", {"reason": "x"}).status_code == 403, door
        assert client.get(f"/api/v1/audit/{name}/").status_code == 403
    assert Alert.objects.get(pk=keys["alerts"]).state == Alert.State.OPEN


def test_no_door_of_the_admin_tells_which_rows_there_are(sign_in, make_user, unit, ada):
    kind = AuditEvent.objects.of(ada).latest("pk").content_type_id
    browser = sign_in(make_user("sample-viewer", unit))

    answers = [browser.get(f"/admin/r/{kind}/{key}/").status_code for key in (ada.pk, "nothing")]

    assert answers == [404, 404]


def reads() -> list[tuple[str, str, int]]:
    found = AuditEvent.objects.filter(action=Action.ACCESS).select_related("content_type").order_by("pk")
    return [(each.content_type.model, each.additional_data["door"], each.additional_data["count"]) for each in found]


def test_whoever_is_named_on_the_page_of_something_else_was_shown(sign_in, make_user, root_unit):
    administrator, other = make_user("administrator"), make_user("auditor")
    Assignment.objects.exclude(user__in=[administrator, other]).delete()
    browser = sign_in(administrator)

    browser.get(reverse("admin:access_assignment_changelist"))

    assert reads() == [("user", "name", 2)]


def test_the_latest_changes_of_the_start_page_are_a_look_at_the_trail(sign_in, make_user, unit):
    viewer = make_user("sample-viewer", unit)
    viewer.assignments.exclude(role=Group.objects.get(name="sample-viewer")).delete()
    browser = sign_in(viewer)
    Person.objects.create(unit=unit, number="P-1", name="Ada")

    browser.get(reverse("admin:start_panel", args=["changes"]))

    assert ("auditevent", "start", 1) in reads()


def test_the_page_of_a_job_is_a_look_at_it_for_all_but_whoever_asked(sign_in, make_user, root_unit):
    asker, operator = make_user("administrator"), make_user("operator")
    with acting(Context(source="admin", actor=asker.pk)):
        work = enqueue("oversight.forget")
    entries = AuditEvent.objects.filter(action=Action.ACCESS, content_type__model="work")

    for user, seen in ((asker, 0), (operator, 1)):
        browser = sign_in(user)
        pages = [browser.get(reverse("job", args=[work.pk]), asked) for asked in ({}, {"part": ""})]
        assert [page.status_code for page in pages] == [200, 200]
        assert entries.count() == seen
