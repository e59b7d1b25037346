"""What is written past the application raises an alert within a minute; changes of the schema are entries."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.access.models import Unit
from apps.audit import ddl
from apps.audit.alerts import explain_alert
from apps.audit.models import Alert, AuditEvent
from apps.audit.outside import WATCHED, watch
from apps.kernel.trail import Action, Context, acting
from tests.sample.models import Person

pytestmark = pytest.mark.django_db(transaction=True)

Psql = Callable[[str], None]


def look() -> int:
    with acting(Context(source="schedule:audit.watch")):
        return watch()


@pytest.fixture
def psql(unit: Unit) -> Iterator[Psql]:
    """`psql("UPDATE …")` by the owner, from a connection that knows nothing of the application."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SET ROLE NONE")
        with acting(Context(source="code")):
            watch()
            Alert.objects.all().delete()
        yield other.execute


@pytest.fixture
def person(psql: Psql, unit: Unit) -> Person:
    with acting(Context(source="code")):
        return Person.objects.create(unit=unit, number="P-1", name="Ada")


@pytest.fixture
def login() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        return str(cursor.fetchone()[0])


def alerts() -> list[tuple[str, str, dict[str, Any]]]:
    with_state = Alert.objects.filter(rule=Alert.Rule.OUTSIDE).order_by("created_at")
    return [(alert.about, alert.state, alert.details) for alert in with_state]


def test_a_write_past_the_application_raises_one_alert_that_counts_on(psql, person, login):
    assert look() == 0

    psql("UPDATE sample_person SET name = 'Eve'")
    psql("UPDATE sample_person SET name = 'Ada'")
    assert look() == 2
    first = AuditEvent.objects.filter(source="database", action=Action.UPDATE).earliest("pk").pk
    assert alerts() == [(login, "open", {"entries": 2, "first": first, "disabled": []})]

    assert look() == 0
    psql("DELETE FROM sample_person")
    assert look() == 1
    assert alerts() == [(login, "open", {"entries": 3, "first": first, "disabled": []})]


def test_after_its_answer_the_next_write_raises_another(psql, person, login, make_user):
    psql("UPDATE sample_person SET name = 'Eve'")
    look()
    with acting(Context(source="admin")):
        officer = make_user()
        explain_alert(Alert.objects.get(), reason="A correction by hand.", by=officer, now=timezone.now())

    psql("UPDATE sample_person SET name = 'Ada'")
    look()

    assert [(state, said["entries"]) for _about, state, said in alerts()] == [("explained", 1), ("open", 1)]


def test_a_long_transaction_is_waited_for_and_not_missed(psql, person, login):
    with psycopg.connect(**connection.get_connection_params()) as slow:
        slow.execute("SET ROLE NONE")
        slow.execute("UPDATE sample_person SET name = 'Slow'")
        with acting(Context(source="code")):
            Person.objects.create(unit=person.unit, number="P-2", name="Bob")
        assert look() == 0
        slow.commit()

    assert look() == 1


def test_what_the_application_writes_raises_none(psql, person):
    for source in ("admin", "api", "command:migrate", "job:reports.export"):
        with acting(Context(source=source)):
            Person.objects.update(name=source)

    assert (look(), alerts()) == (0, [])


def test_in_another_cluster_the_watch_goes_on_behind_the_last_entry(psql, person, login):
    psql("UPDATE sample_person SET name = 'Eve'")
    look()
    psql("UPDATE audit_watcheduntil SET cluster = 'another', txid = 9000000000")

    assert look() == 0
    psql("UPDATE sample_person SET name = 'Ada'")

    assert look() == 1


def test_what_is_looked_for_stands_in_an_index_of_its_own():
    [index] = [index for index in AuditEvent._meta.indexes if index.name == "audit_to_watch"]

    assert (index.fields, index.condition) == (["txid", "id"], WATCHED)


@pytest.fixture
def recorded(psql: Psql) -> Iterator[None]:
    psql(ddl.INSTALL)
    yield
    psql("DROP EVENT TRIGGER IF EXISTS audit_ddl; DROP EVENT TRIGGER IF EXISTS audit_drop; DROP FUNCTION audit_ddl()")


def changes() -> list[tuple[str, dict[str, Any], str]]:
    found = AuditEvent.objects.filter(action=Action.DDL).order_by("pk")
    return [(entry.object_pk, entry.additional_data, entry.source) for entry in found]


DDL = {
    "CREATE TABLE public.extra (id int)": [("public.extra", {"command": "CREATE TABLE", "type": "table"})],
    "ALTER TABLE sample_person ADD COLUMN extra text": [
        ("public.sample_person", {"command": "ALTER TABLE", "type": "table"})
    ],
    "DROP TRIGGER audit_update ON sample_person": [
        ("audit_update on public.sample_person", {"command": "DROP TRIGGER", "type": "trigger"})
    ],
    "ALTER TABLE sample_person DISABLE TRIGGER audit_update": [
        ("public.sample_person", {"command": "ALTER TABLE", "type": "table", "disabled": ["audit_update"]})
    ],
    "GRANT INSERT ON audit_auditevent TO steward_app": [("", {"command": "GRANT", "type": "TABLE"})],
    "CREATE TEMP TABLE passing (id int)": [],
}


@pytest.mark.parametrize("statement", DDL)
def test_a_change_of_the_schema_is_an_entry(recorded, psql, login, statement: str):
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SET ROLE NONE")
        other.execute(statement)
        rows = other.execute(
            "SELECT object_pk, additional_data, source, db_user FROM audit_auditevent WHERE action = 12 ORDER BY id"
        ).fetchall()
        other.rollback()

    assert [(key, json.loads(said), *rest) for key, said, *rest in rows] == [
        (key, said, "database", login) for key, said in DDL[statement]
    ]


def test_switching_a_trigger_off_raises_an_alert_whoever_says_so(recorded, psql, person, login):
    psql('SET audit.ctx = \'{"source": "command:migrate"}\'')
    psql("ALTER TABLE sample_person DISABLE TRIGGER audit_update")
    psql("ALTER TABLE sample_person ENABLE TRIGGER audit_update")

    assert look() == 1
    [(_about, _state, said)] = alerts()
    assert said["disabled"] == ["public.sample_person"]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX extra ON sample_person (name)",
        "CREATE INDEX CONCURRENTLY extra ON sample_person (name)",
        "-- why\nCREATE INDEX extra ON sample_person (name)",
    ],
)
def test_migrations_sign_what_they_change(recorded, psql, person, statement: str):
    with connection.cursor() as cursor, acting(Context(source="command:migrate")):
        cursor.execute("RESET ROLE")
        cursor.execute(statement)
        cursor.execute("DROP INDEX CONCURRENTLY extra")

    assert [(said["command"], source) for _key, said, source in changes()] == [
        ("CREATE INDEX", "command:migrate"),
        ("DROP INDEX", "command:migrate"),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('audit.ctx', true)")
        assert cursor.fetchone()[0] in ("", None)
    assert look() == 0


def test_making_room_for_a_month_is_signed_by_its_job(recorded, psql):
    with connection.cursor() as cursor, acting(Context(source="schedule:audit.create_partitions")):
        cursor.execute("BEGIN")
        cursor.execute("SELECT audit_create_partitions(%s)", [24])
        made = cursor.fetchone()[0]
        cursor.execute("SELECT DISTINCT source FROM audit_auditevent WHERE action = 12")
        sources = cursor.fetchall()
        cursor.execute("ROLLBACK")

    assert (made > 0, sources) == (True, [("schedule:audit.create_partitions",)])


def test_coverage_says_whether_changes_of_the_schema_are_recorded(psql, capsys):
    assert ddl.recording() == (False, "")
    with pytest.raises(CommandError, match="A superuser runs"):
        call_command("audit", "ddl")
    call_command("audit", "ddl", "--sql")
    assert capsys.readouterr().out.strip() == ddl.INSTALL.strip()

    psql(ddl.INSTALL)
    try:
        assert ddl.recording() == (True, "")
        psql("ALTER EVENT TRIGGER audit_drop DISABLE")
        assert ddl.recording()[1].startswith("Changes of the schema are not recorded any more")
        with pytest.raises(CommandError, match="any more"):
            call_command("audit", "coverage", "--json")
        assert json.loads(capsys.readouterr().out)["ddl"] is False
    finally:
        psql("DROP EVENT TRIGGER audit_ddl; DROP EVENT TRIGGER audit_drop; DROP FUNCTION audit_ddl()")
