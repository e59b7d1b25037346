"""A person's values leave the trail for good, by one function, and the log verifies as before."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection

from apps.audit.keys import keys
from apps.audit.models import AuditEvent
from apps.audit.redaction import redact, redact_person
from apps.audit.verify import verify
from apps.kernel.trail import Action, Context, acting
from tests.audit.sealing import seal_everything
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
    login = connection.get_connection_params()
    url = {"PGHOST": login.get("host"), "PGPORT": login.get("port"), "PGUSER": login.get("user")}
    environment = os.environ | {key: str(value) for key, value in url.items() if value}
    if login.get("password"):
        environment["PGPASSWORD"] = login["password"]
    typed = ["pg_dump", "--data-only", "-t", "audit_*", str(login["dbname"])]
    return subprocess.run(typed, env=environment, capture_output=True, check=True).stdout


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
