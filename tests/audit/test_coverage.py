import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.audit.autodetector import written_trackings
from apps.audit.coverage import coverage
from apps.audit.tracking import tracked_models, tracking_of

pytestmark = pytest.mark.django_db


def as_owner(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute(statement)
        cursor.execute("SET ROLE steward_app")


def test_every_table_is_tracked_or_exempt_for_a_reason():
    assert [table for table in coverage() if table.fault] == []


def test_the_command_says_so():
    out = io.StringIO()

    call_command("audit", "coverage", "--json", stdout=out)

    said = json.loads(out.getvalue())
    assert said["complete"] is True
    assert {"table": "sample_person", "model": "sample.Person", "exempt": "", "fault": ""} in said["tables"]


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("ALTER TABLE sample_person DISABLE TRIGGER audit_update", "sample_person"),
        ("DROP TRIGGER audit_delete ON sample_deal_tags", "sample_deal_tags"),
        ("CREATE TABLE stray (id int)", "stray"),
        ("GRANT INSERT ON audit_auditevent_default TO steward_app", "audit_auditevent_default"),
        (
            "CREATE OR REPLACE FUNCTION audit_of_sample_line() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "sample_line",
        ),
    ],
)
def test_what_was_switched_off_is_named(statement, table):
    as_owner(statement)

    with pytest.raises(CommandError):
        call_command("audit", "coverage", stdout=io.StringIO())
    assert [found.table for found in coverage() if found.fault] == [table]


def test_the_migrations_on_disk_track_what_the_models_say_now():
    written = written_trackings()

    assert {model._meta.label: written[model._meta.label].tracking for model in tracked_models()} == {
        model._meta.label: tracking_of(model) for model in tracked_models()
    }
