"""An alert is answered in writing, once, and never by the person whose work it is about."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.audit.alerts import AboutOneself, explain_alert, raise_alert
from apps.audit.models import Alert, AuditEvent
from apps.kernel.trail import Action

pytestmark = pytest.mark.django_db

ALERTS = "/api/v1/audit/alerts/"


@pytest.fixture
def auditor(make_user):
    return make_user("auditor", name="Olga Auditor")


@pytest.fixture
def reader(make_user):
    return make_user(name="Rita Reader")


@pytest.fixture
def alert(reader):
    figures = {"day": "2026-03-10", "value": 640, "limit": 200}
    return raise_alert(Alert.Rule.READS, about=f"{reader.pk}:2026-03-10", actor=reader.pk, details=figures)


def test_an_auditor_finds_an_alert_by_its_state_its_rule_and_its_actor(api, auditor, alert, reader):
    raise_alert(Alert.Rule.KEY)
    client = api(auditor)

    [found] = client.get(ALERTS, {"rule": "reads", "state": "open", "actor": str(reader.pk)}).json()["results"]

    assert found["id"] == str(alert.pk)
    assert found["details"] == {"day": "2026-03-10", "value": 640, "limit": 200}
    assert client.get(ALERTS, {"state": "explained"}).json()["results"] == []
    assert len(client.get(ALERTS).json()["results"]) == 2
    assert client.get(f"{ALERTS}{alert.pk}/").json() == found


def test_an_alert_is_escalated_and_then_explained_each_time_with_a_reason(api, auditor, alert):
    client = api(auditor)

    escalated = client.post(f"{ALERTS}{alert.pk}/escalate/", {"reason": "to the head of the unit"}, format="json")
    explained = client.post(f"{ALERTS}{alert.pk}/explain/", {"reason": "the yearly check of addresses"}, format="json")

    assert (escalated.status_code, escalated.json()["state"]) == (200, "escalated")
    assert (explained.json()["state"], explained.json()["decided_by"]) == ("explained", str(auditor.pk))
    reasons = AuditEvent.objects.of(alert).filter(action=Action.UPDATE).order_by("id").values_list("reason", flat=True)
    assert list(reasons) == ["to the head of the unit", "the yearly check of addresses"]


def test_an_explained_alert_stays_as_it_was_answered(api, auditor, alert):
    client = api(auditor)
    client.post(f"{ALERTS}{alert.pk}/explain/", {"reason": "the yearly check of addresses"}, format="json")

    again = client.post(f"{ALERTS}{alert.pk}/escalate/", {"reason": "or not"}, format="json")

    assert (again.status_code, again.json()["code"]) == (409, "already_answered")
    alert.refresh_from_db()
    assert (alert.state, alert.reason) == ("explained", "the yearly check of addresses")


@pytest.mark.parametrize("verb", ["explain", "escalate"])
def test_nobody_answers_an_alert_without_a_reason(api, auditor, alert, verb):
    answer = api(auditor).post(f"{ALERTS}{alert.pk}/{verb}/", {"reason": ""}, format="json")

    assert answer.status_code == 400
    alert.refresh_from_db()
    assert alert.state == "open"


@pytest.mark.parametrize("verb", ["explain", "escalate"])
def test_nobody_answers_an_alert_about_himself(api, make_user, verb):
    auditor = make_user("auditor")
    alert = raise_alert(Alert.Rule.HOURS, about=f"{auditor.pk}:2026-03-10", actor=auditor.pk)

    answer = api(auditor).post(f"{ALERTS}{alert.pk}/{verb}/", {"reason": "I was ill"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "about_oneself")
    alert.refresh_from_db()
    assert (alert.state, alert.reason) == ("open", "")
    [refused] = AuditEvent.objects.filter(action=Action.REFUSED)
    assert (refused.actor_id, refused.additional_data["code"]) == (auditor.pk, "about_oneself")


def test_the_page_says_so_to_somebody_who_answers_about_himself(sign_in, make_user):
    auditor = make_user("auditor")
    figures = {"day": "2026-03-10", "value": 60, "limit": 50, "factor": 20.0, "floor": 50, "hours": [3]}
    figures |= {"days": 40, "near": 0}
    alert = raise_alert(Alert.Rule.HOURS, about=f"{auditor.pk}:2026-03-10", actor=auditor.pk, details=figures)

    page = sign_in(auditor).post(
        reverse("admin:audit_alert_do", args=[alert.pk, "explain"]), {"reason": "I was ill"}, follow=True
    )

    assert str(AboutOneself()) in page.content.decode()
    alert.refresh_from_db()
    assert alert.state == "open"


def test_one_day_of_one_person_is_told_once_whatever_was_answered(alert, auditor, reader):
    explain_alert(alert, reason="the yearly check", by=auditor, now=alert.created_at)

    with pytest.raises(IntegrityError), transaction.atomic():
        raise_alert(Alert.Rule.READS, about=alert.about, actor=reader.pk)

    assert Alert.objects.count() == 1


def test_what_comes_again_and_is_about_nobody_is_told_again_once_it_was_answered(auditor):
    alert = raise_alert(Alert.Rule.SINK, about="archive")
    explain_alert(alert, reason="the disk was full", by=auditor, now=alert.created_at)

    assert raise_alert(Alert.Rule.SINK, about="archive").pk != alert.pk


def test_the_start_page_of_an_auditor_shows_what_waits(sign_in, auditor, alert):
    page = sign_in(auditor).get(reverse("admin:index")).content.decode()

    assert "Somebody read far more personal data than usual" in page
    assert reverse("admin:audit_alert_change", args=[alert.pk]) in page


def test_the_list_names_whose_work_it_is_about(sign_in, auditor, alert):
    page = sign_in(auditor).get(reverse("admin:audit_alert_changelist")).content.decode()

    assert "Rita Reader · 10 Mar 2026" in page
