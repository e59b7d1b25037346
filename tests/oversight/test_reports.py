"""Saved reports: who makes, gets and takes them, when they are due, and what they are of."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.access.models import Assignment
from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.audit.reports.kind import WrongParameters
from apps.events.models import Cancelled, Work
from apps.files.models import StoredFile
from apps.files.services import delete_expired
from apps.kernel.errors import NotPermitted
from apps.kernel.trail import Action, Context, acting, record
from apps.notifications.models import Notice
from apps.notifications.services import mail_waiting
from apps.oversight import reporting
from apps.oversight.models import ReportDefinition, ReportRun
from tests.reports.conftest import work_off
from tests.sample.models import Person

REPORTS = "/api/v1/audit/reports/"
NOW = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)
"""A Wednesday."""
Schedule, Period = ReportDefinition.Schedule, ReportDefinition.Period


@pytest.fixture
def auditor(make_user) -> User:
    return make_user("auditor", name="Olga Officer", email="olga@example.org")


@pytest.fixture
def officer(make_user) -> User:
    return make_user("data-protection-officer", email="dora@example.org")


@pytest.fixture
def save(auditor) -> Callable[..., ReportDefinition]:
    def save(*, recipients: list[User] | None = None, now: datetime = NOW, **fields: Any) -> ReportDefinition:
        said = {"title": "Every week", "kind": "entries", "format": "jsonl", **fields}
        return reporting.save(ReportDefinition(owner=auditor, **said), recipients=recipients or [], now=now)

    return save


def made() -> ReportRun:
    return ReportRun.objects.select_related("work", "file").latest("pk")


def test_one_is_saved_made_told_and_taken(save, auditor, officer, unit):
    person = Person.objects.create(unit=unit, number="P-1", name="Ada")
    definition = save(kind="history", parameters={"of": f"sample.person:{person.pk}"}, recipients=[officer])

    reporting.run_now(definition, by=auditor, now=NOW)
    work_off()

    run = made()
    assert (run.work.state, run.entries, run.work.result) == ("done", 1, {"entries": 1, "run": str(run.pk)})
    with reporting.download(run, by=officer, now=timezone.now()) as file:
        assert json.loads(file.read())["object"] == str(person.pk)
    production, taking = AuditEvent.objects.filter(action=Action.EXPORT).order_by("id")
    assert production.additional_data == {
        "form": "jsonl",
        "kind": "history",
        "entries": 1,
        "filters": {"of": f"sample.person:{person.pk}"},
    }
    assert (taking.additional_data["run"], taking.additional_data["step"]) == (str(run.pk), "taken")
    [notice] = Notice.objects.all()
    assert (notice.user, notice.path) == (officer, f"/admin/oversight/reportrun/{run.pk}/change/")


def test_a_mail_says_that_it_is_ready_and_nothing_of_it(save, auditor, officer):
    reporting.run_now(save(recipients=[officer], title="About Ada"), by=auditor, now=NOW)
    work_off()
    mail_waiting()

    [message] = mail.outbox
    assert message.to == ["dora@example.org"]
    assert f"/admin/oversight/reportrun/{made().pk}/change/" in message.body
    assert "Ada" not in message.body
    assert message.attachments == []


def test_a_recipient_who_lost_the_right_is_not_told(save, auditor, officer):
    definition = save(recipients=[officer])
    Assignment.objects.filter(user=officer).delete()

    reporting.run_now(definition, by=auditor, now=NOW)
    work_off()

    assert (made().work.state, Notice.objects.count()) == ("done", 0)


def test_only_who_may_take_reports_receives_one(save, make_user, unit):
    with pytest.raises(reporting.NotARecipient):
        save(recipients=[make_user("sample-viewer", unit)])

    assert ReportDefinition.objects.count() == 0


def test_a_right_that_the_owner_lost_ends_the_run_with_a_sentence(save, auditor):
    definition = save(schedule=Schedule.DAILY, period=Period.DAY)
    Assignment.objects.filter(user=auditor).delete()

    reporting.run_due(now=NOW + timedelta(days=1))
    work_off()

    run = made()
    assert (run.work.state, run.work.last_error) == ("refused", "not_permitted: Your roles do not allow this.")
    assert (run.file, definition.runs.count(), StoredFile.objects.count()) == (None, 1, 0)


def test_the_owner_is_told_once_that_it_is_made_no_more_and_its_page_says_so(save, auditor, officer, sign_in):
    definition = save(schedule=Schedule.DAILY, period=Period.DAY, recipients=[officer])
    page = reverse("admin:oversight_reportdefinition_change", args=[definition.pk])
    assert "It is not made when it is due" not in sign_in(officer).get(page).content.decode()
    Assignment.objects.filter(user=auditor).delete()

    for day in (1, 2):
        reporting.run_due(now=NOW + timedelta(days=day))

    assert {(notice.user, notice.about) for notice in Notice.objects.all()} == {
        (auditor, definition.pk),
        (officer, definition.pk),
    }
    assert Notice.objects.count() == 2
    assert Notice.objects.filter(sentence__contains="is not made any more").count() == 2
    assert "It is not made when it is due" in sign_in(officer).get(page).content.decode()


def test_a_right_that_was_lost_afterwards_closes_the_file(save, auditor, officer):
    reporting.run_now(save(), by=auditor, now=NOW)
    work_off()
    Assignment.objects.filter(user=officer).delete()
    before = AuditEvent.objects.count()

    with pytest.raises(NotPermitted):
        reporting.download(made(), by=User.objects.get(pk=officer.pk), now=timezone.now())

    assert AuditEvent.objects.count() == before


def test_a_file_is_kept_for_two_weeks(save, auditor):
    reporting.run_now(save(), by=auditor, now=NOW)
    work_off()
    later = timezone.now() + timedelta(days=14, minutes=1)
    delete_expired(now=later)

    assert made().file.deleted_at is not None
    with pytest.raises(Exception, match="is gone"):
        reporting.download(made(), by=auditor, now=later)


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx", "html", "pdf"])
def test_a_period_without_entries_is_a_report(save, auditor, form):
    reporting.run_now(save(format=form, until=datetime(2001, 1, 1, tzinfo=UTC)), by=auditor, now=NOW)
    work_off()

    assert (made().work.state, made().entries, made().file.name.rpartition(".")[2]) == ("done", 0, form)


# How far it is, and how it is stopped


def test_a_page_and_a_paper_say_their_steps_and_how_far_they_are(save, auditor, unit):
    Person.objects.create(unit=unit, number="P-1", name="Ada")
    for form, made_of in (("html", "writing the page"), ("pdf", "binding the paper")):
        said: list[tuple[int, int | None, str]] = []
        run = reporting.run_now(save(format=form, kind="configuration"), by=auditor, now=NOW)

        reporting.carry_out(run.pk, progress=lambda *word, said=said: said.append(word))

        entries = made().entries
        assert said == [(0, None, ""), (0, None, "counting the entries"), (entries, entries, made_of)]


@pytest.mark.parametrize("step", ["counting the entries", "writing the page"])
def test_one_that_is_stopped_at_any_step_leaves_nothing(save, auditor, officer, step):
    run = reporting.run_now(save(format="html", recipients=[officer]), by=auditor, now=NOW)

    def stop(_done: int, _total: int | None, at: str) -> None:
        if at == step:
            raise Cancelled

    with pytest.raises(Cancelled), transaction.atomic():
        reporting.carry_out(run.pk, progress=stop)

    assert (made().file, StoredFile.objects.count(), Notice.objects.count()) == (None, 0, 0)
    assert not AuditEvent.objects.filter(action=Action.EXPORT).exists()


def test_one_that_was_due_is_stopped_by_whoever_may_in_the_api(save, client, api, make_user, unit):
    save(schedule=Schedule.DAILY, period=Period.DAY)
    reporting.run_due(now=NOW + timedelta(days=1))
    door = f"{REPORTS}runs/{made().pk}/cancel/"
    assert api(make_user("sample-manager", unit)).post(door).status_code == 403
    assert made().work.state == "ready"

    stopped = client.post(door)
    work_off()

    assert (stopped.status_code, stopped.json()["state"]) == (200, "cancelled")
    assert (made().work.state, made().file) == ("cancelled", None)
    again = client.post(door)
    assert (again.status_code, again.json()["code"]) == (409, "already_finished")


def test_one_that_was_due_is_stopped_on_its_page(save, sign_in, officer):
    save(schedule=Schedule.DAILY, period=Period.DAY)
    reporting.run_due(now=NOW + timedelta(days=1))
    browser, door = sign_in(officer), reverse("admin:oversight_reportrun_do", args=[made().pk, "cancel"])
    page = reverse("admin:oversight_reportrun_change", args=[made().pk])
    assert door in browser.get(page).content.decode()

    browser.post(door)

    assert made().work.state == "cancelled"
    assert door not in browser.get(page).content.decode()


# When it is due


@pytest.mark.parametrize(
    ("schedule", "first", "later", "period"),
    [
        (Schedule.DAILY, (2026, 3, 12), (2026, 3, 13), ((2026, 3, 11), (2026, 3, 12))),
        (Schedule.WEEKLY, (2026, 3, 16), (2026, 3, 23), ((2026, 3, 9), (2026, 3, 16))),
        (Schedule.MONTHLY, (2026, 4, 1), (2026, 5, 1), ((2026, 3, 1), (2026, 4, 1))),
    ],
)
def test_each_schedule_has_its_midnight_and_its_period(save, schedule, first, later, period):
    over = {Schedule.DAILY: Period.DAY, Schedule.WEEKLY: Period.WEEK, Schedule.MONTHLY: Period.MONTH}[schedule]
    definition = save(schedule=schedule, period=over)
    assert definition.due_at == datetime(*first, tzinfo=UTC)

    assert reporting.run_due(now=definition.due_at - timedelta(seconds=1)) == 0
    assert reporting.run_due(now=definition.due_at + timedelta(minutes=10)) == 1
    assert reporting.run_due(now=definition.due_at + timedelta(minutes=70)) == 0

    run = made()
    assert (run.since, run.until) == tuple(datetime(*day, tzinfo=UTC) for day in period)
    definition.refresh_from_db()
    assert definition.due_at == datetime(*later, tzinfo=UTC)


def test_what_was_slept_through_is_made_once(save):
    definition = save(schedule=Schedule.DAILY, period=Period.DAY)

    begun = reporting.run_due(now=NOW + timedelta(days=5))

    assert (begun, [run.due_at for run in definition.runs.all()]) == (1, [datetime(2026, 3, 16, tzinfo=UTC)])


def test_the_same_time_is_never_made_twice(save):
    definition = save(schedule=Schedule.DAILY, period=Period.DAY)
    reporting.run_due(now=NOW + timedelta(days=1))
    ReportDefinition.objects.filter(pk=definition.pk).update(due_at=datetime(2026, 3, 12, tzinfo=UTC))

    assert reporting.run_due(now=NOW + timedelta(days=1)) == 0
    assert definition.runs.count() == 1


# The API


@pytest.fixture
def client(api, auditor) -> Any:
    return api(auditor)


def test_the_kinds_say_what_they_answer_and_ask_for(client):
    kinds = {kind["kind"]: kind for kind in client.get(f"{REPORTS}kinds/").json()["results"]}

    assert kinds["activity"]["parameters"] == [
        {"name": "of", "title": "Person", "type": "person", "help": "e-mail or key of a user", "required": True}
    ]
    assert kinds["activity"]["answers"].endswith("?")


def test_a_report_is_saved_run_followed_and_taken_by_the_api(client, auditor, officer):
    with acting(Context(source="api", actor=officer.pk)):
        record(Action.REFUSED, model="sample.person", objects=["1"])
    body = {
        "title": "Refused",
        "kind": "activity",
        "parameters": {"of": "Dora@example.org"},
        "format": "jsonl",
        "recipients": [str(officer.pk)],
    }
    saved = client.post(REPORTS, body)
    assert saved.status_code == 201, saved.json()
    assert (saved.status_code, saved.json()["parameters"]) == (201, {"of": str(officer.pk)})
    assert (saved.json()["owner"], saved.json()["recipients"]) == (str(auditor.pk), [str(officer.pk)])

    asked = client.post(f"{REPORTS}{saved.json()['id']}/run/")
    assert (asked.status_code, asked["Location"]) == (202, f"/api/v1/jobs/{asked.json()['job']}/")
    work_off()

    run = client.get(f"{REPORTS}runs/{asked.json()['id']}/").json()
    assert (run["state"], run["entries"]) == ("done", 1)
    file = client.get(f"{REPORTS}runs/{run['id']}/file/")
    assert (file["Content-Type"], file.status_code) == ("application/x-ndjson", 200)
    assert json.loads(b"".join(file.streaming_content))["action"] == "refused"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"kind": "nothing"}, "/kind"),
        ({"format": "doc"}, "/format"),
        ({"parameters": {}}, "/parameters/of"),
        ({"kind": "entries", "parameters": {"batch": "a@b.example"}}, "/parameters/batch"),
        ({"parameters": {"of": "nobody@example.org"}}, "/parameters/of"),
        ({"parameters": {"of": "01900000-0000-7000-8000-00000000ac70", "colour": "red"}}, "/parameters/colour"),
        ({"parameters": "of"}, "/parameters"),
        ({"since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}, "/until"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(client, wrong, pointer):
    body = {
        "title": "x",
        "kind": "activity",
        "parameters": {"of": "01900000-0000-7000-8000-00000000ac70"},
        "format": "csv",
    }

    refused = client.post(REPORTS, {**body, **wrong})

    assert refused.status_code == 400
    assert pointer in [error["pointer"] for error in refused.json()["errors"]]
    assert ReportDefinition.objects.count() == 0


def test_a_schedule_of_a_fixed_period_is_refused(client):
    body = {"title": "x", "kind": "configuration", "format": "csv", "schedule": "daily", "period": "fixed"}

    refused = client.post(REPORTS, body)

    assert (refused.status_code, ReportDefinition.objects.count()) == (400, 0)
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [("/period", "inconsistent")]


@pytest.mark.parametrize(
    ("parameters", "code"), [({}, "required"), ({"of": "nobody@example.org"}, "does_not_exist"), (None, "required")]
)
def test_an_answer_that_is_missing_is_told_from_one_that_names_nothing(client, parameters, code):
    body = {"title": "x", "kind": "activity", "format": "csv"}

    refused = client.post(REPORTS, body if parameters is None else {**body, "parameters": parameters})

    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [("/parameters/of", code)]


def test_somebody_who_may_not_take_reports_is_no_recipient(client, make_user, unit):
    viewer = make_user("sample-viewer", unit)
    body = {"title": "x", "kind": "configuration", "format": "csv", "recipients": [str(viewer.pk)]}

    refused = client.post(REPORTS, body)

    assert (refused.status_code, refused.json()["code"]) == (409, "not_a_recipient")
    assert ReportDefinition.objects.count() == 0


def test_one_that_is_being_made_is_not_begun_again(client, save):
    definition = save()
    client.post(f"{REPORTS}{definition.pk}/run/")

    refused = client.post(f"{REPORTS}{definition.pk}/run/")

    assert (refused.status_code, refused.json()["code"]) == (409, "already_running")
    assert Work.objects.filter(name="oversight.report").count() == 1


def test_nobody_without_the_role_sees_one(api, make_user, unit, save):
    definition = save()
    stranger = api(make_user("sample-manager", unit))

    paths = (f"{REPORTS}", f"{REPORTS}kinds/", f"{REPORTS}runs/", f"{REPORTS}{definition.pk}/")
    assert {stranger.get(path).status_code for path in paths} == {403}


def test_a_wrong_answer_of_a_saved_one_is_a_refusal_and_not_a_failure(save):
    with pytest.raises(WrongParameters):
        save(kind="activity")


# In the admin


def form(**said: str) -> dict[str, str]:
    return {"title": "Olga's", "format": "jsonl", "period": "fixed", "schedule": "none", **said}


def test_the_page_asks_for_the_question_then_for_what_it_needs(sign_in, auditor):
    browser = sign_in(auditor)
    add = reverse("admin:oversight_reportdefinition_add")

    choice = browser.get(add).content.decode()
    asked = browser.get(add, {"kind": "activity"})

    assert "?kind=activity" in choice
    assert "What did this person do" in choice
    assert "answer_of" in asked.context["adminform"].form.fields


def test_one_is_saved_made_and_taken_in_the_admin(sign_in, auditor, officer):
    browser = sign_in(auditor)
    add = f"{reverse('admin:oversight_reportdefinition_add')}?kind=activity"

    refused = browser.post(add, form(answer_of="nobody@example.org"))
    assert "There is no user with this e-mail address." in refused.content.decode()
    saved = browser.post(add, form(answer_of="dora@example.org", receivers=str(officer.pk)))
    assert saved.status_code == 302
    definition = ReportDefinition.objects.get()
    assert (definition.parameters, definition.owner) == ({"of": str(officer.pk)}, auditor)
    assert list(definition.recipients.all()) == [officer]

    page = reverse("admin:oversight_reportdefinition_change", args=[definition.pk])
    run = reverse("admin:oversight_reportdefinition_do", args=[definition.pk, "run"])
    browser.post(run)
    assert "Follow it, or stop it" in browser.get(page).content.decode()
    work_off()
    assert "Download" in browser.get(page).content.decode()
    file = browser.get(reverse("admin:oversight_reportrun_download", args=[made().pk]))
    assert (file.status_code, b"".join(file.streaming_content)) == (200, b"")
    assert browser.get(reverse("admin:oversight_reportrun_changelist")).status_code == 200
    assert browser.get(reverse("admin:oversight_reportrun_change", args=[made().pk])).status_code == 200


def test_a_saved_one_is_changed_in_the_admin(sign_in, auditor, save):
    definition = save(kind="activity", parameters={"of": str(auditor.pk)})
    browser = sign_in(auditor)
    page = reverse("admin:oversight_reportdefinition_change", args=[definition.pk])
    opened = browser.get(page).context["adminform"].form["row_version"].value()
    said = form(answer_of=str(auditor.pk), period="week", schedule="weekly", title="New", row_version=opened)

    answer = browser.post(page, said)

    definition.refresh_from_db()
    assert answer.status_code == 302
    assert (definition.title, definition.schedule, definition.due_at is not None) == ("New", "weekly", True)


def test_a_schedule_of_a_fixed_period_is_an_error_of_the_form(sign_in, auditor):
    add = f"{reverse('admin:oversight_reportdefinition_add')}?kind=configuration"

    answer = sign_in(auditor).post(add, form(schedule="daily"))

    assert "A fixed period is made once." in answer.content.decode()
    assert ReportDefinition.objects.count() == 0
