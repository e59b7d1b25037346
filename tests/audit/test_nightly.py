"""Every night the whole log is verified; what was found is shown, and what was done to it is one alert."""

import pytest
from django.db import connection, transaction
from django.urls import reverse

from apps.audit.alerts import explain_alert
from apps.audit.models import Alert, AuditEvent, AuditLeaf, Verification
from apps.events.models import Work
from apps.events.work import enqueue, execute
from tests.audit.sealing import seal_everything
from tests.sample.models import Person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(unit) -> Person:
    ada = Person.objects.create(unit=unit, number="P-1", name="Ada")
    seal_everything()
    return ada


def tamper(person: Person) -> int:
    """Whose entry is another one now; its position."""
    event = AuditEvent.objects.of(person).get().pk
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE audit_auditevent SET cid = 'forged' WHERE id = %s", [event])
        cursor.execute("RESET session_replication_role")
        cursor.execute("SET ROLE steward_app")
    return AuditLeaf.objects.get(event=event).sequence


def run(name: str) -> Work:
    with transaction.atomic():
        work = enqueue(name)
    execute(work.pk)
    work.refresh_from_db()
    return work


def check(client, name: str) -> dict[str, object]:
    return client.get("/readyz").json()["checks"][name]


def test_what_is_intact_is_said_with_how_far_it_was_looked_at(client, ada):
    size = AuditLeaf.objects.count()
    before = check(client, "audit_verify")

    work = run("audit.verify")

    assert before == {"ok": True, "detail": "The log was never verified here: it is every night."}
    assert (work.state, work.done, work.result) == ("done", size, {"verified": size, "findings": 0})
    found = Verification.objects.get()
    assert (found.entries, found.position, found.kind) == (size, None, "")
    detail = check(client, "audit_verify")["detail"]
    assert detail == f"Verified {found.created_at:%Y-%m-%dT%H:%M:%SZ}, {size} sealed entries: intact."
    assert not Alert.objects.exists()


def test_what_was_altered_is_one_alert_until_it_is_answered(client, ada, make_user):
    place = tamper(ada)

    run("audit.verify")
    run("audit.verify")

    alert = Alert.objects.get()
    assert (alert.rule, alert.details["position"], alert.details["kind"]) == ("verify", place, "changed")
    shown = check(client, "audit_verify")
    assert shown["ok"]
    assert shown["detail"].endswith(f"changed at position {place}.")
    explain_alert(alert, reason="a drill", by=make_user("auditor"), now=alert.created_at)
    run("audit.verify")
    assert Alert.objects.filter(state="open").count() == 1


def test_an_auditor_sees_on_the_start_page_when_it_was_verified(sign_in, make_user, ada):
    page = sign_in(make_user("auditor"))
    never = page.get(reverse("admin:index")).content.decode()
    run("audit.verify")
    intact = page.get(reverse("admin:index")).content.decode()
    place = tamper(ada)
    run("audit.verify")

    altered = page.get(reverse("admin:index")).content.decode()

    assert "The log was not verified yet." in never
    assert "Intact over " in intact
    assert f"Tampered with at position {place}: changed" in altered


def test_with_a_key_of_the_wrong_kind_writing_goes_on_and_one_alert_says_so(client, ada, unit, settings, tmp_path):
    path = tmp_path / "keys"
    settings.AUDIT_KEYS_FILE = str(path)
    size = AuditLeaf.objects.count()
    Person.objects.create(unit=unit, number="P-2", name="Bob")

    for key in ("", "PRIVATE+KEY+wrong", "name+00000000+AAAA", "-----BEGIN PRIVATE KEY-----"):
        path.write_text(key)
        ran = [run("audit.seal"), run("audit.verify")]
        assert [(work.state, work.result) for work in ran] == [("done", {"sealed": 0}), ("done", {"verified": 0})]

    assert [alert.rule for alert in Alert.objects.all()] == ["key"]
    assert AuditLeaf.objects.count() == size
    seal = check(client, "audit_seal")
    assert seal["ok"]
    assert seal["detail"].startswith("The oldest entry without a seal is ")


def test_a_key_file_that_cannot_be_read_is_one_alert_and_the_rest_is_sealed_later(client, ada, settings, tmp_path):
    settings.AUDIT_KEYS_FILE = str(tmp_path / "none")
    run("audit.seal")
    Person.objects.filter(pk=ada.pk).update(name="Ada L.")
    waiting = check(client, "audit_seal")["detail"]
    settings.AUDIT_KEYS_FILE = ""

    seal_everything()

    assert waiting.startswith("The oldest entry without a seal is ")
    assert [alert.rule for alert in Alert.objects.all()] == ["key"]
    assert check(client, "audit_seal")["detail"] == "Everything is sealed."


@pytest.mark.parametrize("verb", ["explain", "escalate"])
def test_the_page_asks_for_a_reason_before_an_alert_is_answered(sign_in, make_user, ada, verb: str):
    tamper(ada)
    run("audit.verify")
    alert = Alert.objects.get()

    page = sign_in(make_user("auditor")).post(reverse("admin:audit_alert_do", args=[alert.pk, verb]), {"reason": " "})

    alert.refresh_from_db()
    assert page.status_code == 200
    assert (alert.state, alert.reason) == ("open", "")
