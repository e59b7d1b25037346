"""As the run-time role, nobody changes, removes or invents an entry, nor switches the recording off."""

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from apps.audit.models import AuditEvent
from apps.kernel.trail import Action, record
from tests.sample.models import Person

FORGED = """(id, "timestamp", txid, action, object_pk, changes, personal, additional_data, source, cid, reason, batch,
    db_user, application_name, content_type_id)
    VALUES (1, now(), '1', 1, 'x', '{}', '{}', '{}', 'forged', '', '', '', 'x', 'x', 1)"""
REFUSED = {
    "change": "UPDATE audit_auditevent SET reason = 'other'",
    "removal": "DELETE FROM audit_auditevent",
    "emptying": "TRUNCATE audit_auditevent",
    "forged entry": f"INSERT INTO audit_auditevent {FORGED}",
    "forged entry in a partition": f"INSERT INTO audit_auditevent_default {FORGED}",
    "change in a partition": "UPDATE audit_auditevent_default SET reason = 'other'",
    "removal from a partition": "DELETE FROM audit_auditevent_default",
    "emptying of a tracked table": "TRUNCATE sample_person CASCADE",
    "disabled trigger": "ALTER TABLE sample_person DISABLE TRIGGER audit_update",
    "dropped trigger": "DROP TRIGGER audit_update ON sample_person",
    "dropped guard": "DROP TRIGGER audit_append_only ON audit_auditevent",
    "replaced function": (
        "CREATE OR REPLACE FUNCTION audit_of_sample_person() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'"
    ),
    "replica role": "SET session_replication_role = replica",
    "borrowed function": (
        "CREATE TEMP TABLE decoy (id uuid); CREATE TRIGGER t AFTER INSERT ON decoy REFERENCING NEW TABLE AS new_rows"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_of_sample_person()"
    ),
    "frame by hand": "SELECT audit_frame('sample', 'person')",
    "written migration": "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())",
    "change passed off as recorded": "SELECT audit_record(1::smallint, 'sample.person', '{x}', '{}', '{}')",
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_run_time_role_is_refused(name, ada):
    before = list(AuditEvent.objects.order_by("id").values())

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(REFUSED[name])

    assert list(AuditEvent.objects.order_by("id").values()) == before
    Person.objects.filter(pk=ada.pk).update(name="Eve")
    assert AuditEvent.objects.count() == len(before) + 1


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE audit_auditevent SET reason = 'x'", "DELETE FROM audit_auditevent"])
def test_even_the_owner_is_refused_by_the_guard(statement, ada):
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            cursor.execute(statement)


@pytest.mark.django_db
def test_an_act_that_changes_no_row_is_recorded_per_object():
    record(Action.EXPORT, model="sample.person", objects=["a", "b"], details={"form": "csv"})

    entries = AuditEvent.objects.filter(action=Action.EXPORT)
    assert sorted(entries.values_list("object_pk", "content_type__model", "additional_data__form")) == [
        ("a", "person", "csv"),
        ("b", "person", "csv"),
    ]
