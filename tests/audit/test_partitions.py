import pytest
from django.db import connection

from apps.audit.models import AuditEvent
from apps.audit.tasks import create_partitions
from apps.events.work import Work
from tests.audit.long_ago import COPIED
from tests.sample.models import Person

pytestmark = pytest.mark.django_db


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_auditevent'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}


def drop_all_months() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        for name in partitions() - {"audit_auditevent_default"}:
            cursor.execute(f"DROP TABLE {name}")
        cursor.execute("SET ROLE steward_app")


def test_the_months_ahead_exist_and_the_job_may_run_again():
    assert create_partitions(Work()) == {"made": 0}
    assert len(partitions()) == 5


def test_a_late_scheduler_stops_no_write_and_loses_no_entry(unit):
    drop_all_months()
    person = Person.objects.create(unit=unit, number="P-1", name="Ada")
    waiting = list(AuditEvent.objects.of(person).values())

    assert create_partitions(Work()) == {"made": 4}

    assert list(AuditEvent.objects.of(person).values()) == waiting
    assert len(waiting) == 1
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("SELECT count(*) FROM audit_auditevent_default")
        assert cursor.fetchone() == (0,)


def test_the_guard_holds_in_a_new_month_too(unit):
    drop_all_months()
    create_partitions(Work())
    Person.objects.create(unit=unit, number="P-1", name="Ada")

    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        with pytest.raises(Exception, match="never changed or deleted"):
            cursor.execute("DELETE FROM audit_auditevent")


def test_no_month_is_left_behind_in_the_default_partition(unit):
    Person.objects.create(unit=unit, number="P-1", name="Ada")
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute(
            f"""INSERT INTO audit_auditevent ("timestamp", txid, {COPIED})
            SELECT '2024-03-31 23:59:59Z', txid, {COPIED} FROM audit_auditevent ORDER BY id DESC LIMIT 1"""
        )
        cursor.execute("SET ROLE steward_app")

    assert create_partitions(Work()) == {"made": 1}

    assert "audit_auditevent_y2024m03" in partitions()
    assert create_partitions(Work()) == {"made": 0}
