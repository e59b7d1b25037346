"""A person's values leave the trail for good, by one function, and the log verifies as before."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.audit.holds import release_hold, set_hold
from apps.audit.keys import keys
from apps.audit.models import AuditEvent
from apps.audit.redaction import UnderLegalHold, redact, redact_person
from apps.audit.verify import verify
from apps.kernel.trail import Action, Context, acting
from tests.audit.sealing import ran, seal_everything
from tests.sample.models import Deal, Person

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "198.51.100.77"
WORDS = (b"Ada Quintessa", b"quintessa@example.org", b"Quintessa Lane", b"Quintessa asked", ADDRESS.encode())


@pytest.fixture
def ada(unit) -> Person:
    with acting(Context(source="web", address=ADDRESS, reason="Quintessa asked")):
        ada = Person.objects.create(unit=unit, number="P-1", name="Ada Quintessa", email="quintessa@example.org")
        Deal.objects.create(unit=unit, number="D-1", buyer=ada, ship_to="1 Quintessa Lane")
        Person.objects.filter(pk=ada.pk).update(name="Ada Q.")
    return ada


def dumped() -> bytes:
    return ran("pg_dump", "--data-only", "-t", "audit_*")


def test_nothing_of_her_is_left_and_the_log_verifies(ada: Person, tmp_path: Path):
    seal_everything()
    before = tmp_path / "before.zip"
    call_command("audit", "report", "--format", "bundle", "--output", str(before))
    entries = AuditEvent.objects.filter(remote_addr=ADDRESS).values_list("pk", flat=True)

    gone = redact_person([ada.pk], ground="Art. 17(1)(a) GDPR")
    gone += redact({entry: ["@address"] for entry in entries}, ground="Art. 17(1)(a) GDPR")

    seal_everything()
    after = tmp_path / "after.zip"
    call_command("audit", "report", "--format", "bundle", "--output", str(after))
    assert gone == 14
    assert verify(keys().verifiers).findings == ()
    assert not [word for word in WORDS if word in dumped()]
    for bundle in (before, after):
        program = Path("apps/audit/standalone/verify.py")
        typed = [sys.executable, str(program), str(bundle), "--vkey", str(keys().signers[0].verifier)]
        done = subprocess.run(typed, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    told = AuditEvent.objects.filter(action=Action.REDACTED).order_by("id").first()
    assert told.additional_data["ground"] == "Art. 17(1)(a) GDPR"
    assert "Quintessa" not in json.dumps(told.additional_data)


def test_what_is_not_sealed_yet_is_erased_before_it_is(ada: Person):
    redact_person([ada.pk], ground="Art. 17(1)(a) GDPR")

    seal_everything()

    assert verify(keys().verifiers).findings == ()
    assert not AuditEvent.objects.filter(subject=ada.pk).exclude(personal={}).exists()


@pytest.mark.parametrize(
    "change",
    [
        "personal = jsonb_set(personal, '{name,2}', '\"Eve\"')",
        "personal = personal || '{\"other\": [1, 2, 3]}'",
        "reason = 'another'",
        "changes = '{}'",
        "actor_id = gen_random_uuid()",
    ],
)
def test_the_owner_can_make_an_entry_forget_and_nothing_else(ada: Person, change: str):
    event = AuditEvent.objects.of(ada).earliest("id")

    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        with pytest.raises(DatabaseError, match="never changed"):
            cursor.execute(f"UPDATE audit_auditevent SET {change} WHERE id = %s", [event.pk])

    assert AuditEvent.objects.of(ada).earliest("id").personal == event.personal


def test_without_a_ground_nothing_is_erased(ada: Person):
    with pytest.raises(DatabaseError, match="states its ground"):
        redact_person([ada.pk], ground="")

    assert AuditEvent.objects.filter(subject=ada.pk).exclude(personal={}).count() == 3


HOLDS: dict[str, tuple[dict[str, str], bool]] = {
    "on the person": ({"subject": "{ada}"}, True),
    "on the record": ({"model": "sample.person", "object_pk": "{ada}"}, True),
    "on everything of a kind": ({"model": "sample.deal"}, True),
    "on everything": ({}, True),
    "on all that was written until now": ({"last_on": "2999-01-01"}, True),
    "on what is written much later": ({"first_on": "2999-01-01"}, False),
    "on another kind": ({"model": "catalog.product"}, False),
    "on somebody else": ({"subject": "01900000-0000-7000-8000-000000000000"}, False),
}


@pytest.mark.parametrize("case", HOLDS)
def test_what_a_legal_hold_keeps_is_not_erased_until_it_is_released(ada: Person, make_user, case: str):
    said, keeps = HOLDS[case]
    officer = make_user("data-protection-officer")
    hold = set_hold(reason="Case 7", by=officer, **{name: value.format(ada=ada.pk) for name, value in said.items()})
    hold.refresh_from_db()
    erase = ["redact", str(ada.pk), "--ground", "Art. 17(1)(a) GDPR", "--by", officer.email]

    if keeps:
        with pytest.raises(CommandError, match=f"The legal hold {hold.pk} keeps these entries. Release it"):
            call_command("audit", *erase)
        assert AuditEvent.objects.filter(subject=ada.pk).exclude(personal={}).count() == 3
        assert not AuditEvent.objects.filter(action=Action.REDACTED).exists()
        release_hold(hold, reason="Case closed", by=officer, now=timezone.now())

    call_command("audit", *erase)
    assert not AuditEvent.objects.filter(subject=ada.pk).exclude(personal={}).exists()


def test_a_hold_on_a_member_of_staff_keeps_the_addresses_from_which_he_acted(ada: Person, make_user):
    officer, manager = make_user("data-protection-officer"), make_user("sample-manager")
    with acting(Context(source="web", actor=manager.pk, address=ADDRESS)):
        Person.objects.filter(pk=ada.pk).update(number="P-2")
    hold = set_hold(reason="Case 7", by=officer, subject=manager.pk)

    with pytest.raises(UnderLegalHold, match=str(hold.pk)):
        redact_person([manager.pk], ground="Art. 17(1)(a) GDPR")

    assert AuditEvent.objects.by(manager).filter(remote_addr=ADDRESS).count() == 1
