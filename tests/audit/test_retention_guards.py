"""Nobody but the role for it prunes, it can do nothing else, and what is done by hand is found."""

from collections.abc import Callable, Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper

from apps.access.models import Unit
from apps.audit.models import Alert, AuditEvent, AuditLeaf
from apps.audit.retention import Step, as_retention_role, due, prune
from apps.audit.verify import Kind
from apps.kernel.trail import Action
from tests.audit.long_ago import (
    COPIED,
    FEBRUARY,
    LONG_AGO,
    drop_long_ago,
    findings,
    left,
    let_go,
    owner,
    step,
    superuser,
    write_long_ago,
)
from tests.audit.sealing import seal_everything

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def start(django_db_setup: None, django_db_blocker) -> Iterator[int]:
    """January is pruned, and nobody has touched February yet."""
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)
        start = write_long_ago(Unit.objects.create(name="Company", slug="company", path="/company/"))
        let_go(FEBRUARY.replace(month=1))
        seal_everything()
    yield start
    with django_db_blocker.unblock():
        drop_long_ago()
        call_command("flush", verbosity=0, interactive=False)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT audit_prune('2024-02-01', '{}')",
        "SELECT audit_carry_out_pruning('2024-02-01', '{}')",
        "SELECT audit_announce_pruning('2024-02-01', '[]', NULL)",
        "UPDATE audit_auditleaf SET line = ''",
        "DROP TABLE audit_auditevent_y2024m02",
        "UPDATE audit_keepingperiod SET keep = 'P0D'",
        "SELECT audit_record(14::smallint, 'audit.auditevent', '{2024-02}', '{\"gone\": [[0, 5]]}', '{}')",
        "GRANT steward_retention TO steward_app",
    ],
)
def test_the_run_time_role_prunes_nothing(start: int, statement: str):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert left(FEBRUARY, "sample.person") == 5


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM audit_auditevent LIMIT 1",
        "UPDATE audit_keepingperiod SET keep = 'P0D'",
        "UPDATE audit_legalhold SET released_at = now()",
        "SELECT audit_carry_out_pruning('2024-02-01', '{}')",
    ],
)
def test_the_role_that_prunes_can_do_nothing_else(start: int, statement: str):
    with (
        as_retention_role(),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_login_that_is_no_member_is_told_so(start: int):
    with owner() as cursor:
        cursor.execute("CREATE ROLE steward_nobody_of_the_tests")
        cursor.execute("SET SESSION AUTHORIZATION steward_nobody_of_the_tests")
        with pytest.raises(CommandError, match="as a member of the role steward_retention"):
            call_command("audit", "prune")
        cursor.execute("RESET SESSION AUTHORIZATION")


def test_while_the_log_does_not_verify_nothing_goes(start: int):
    Alert.objects.create(rule=Alert.Rule.VERIFY)

    with as_retention_role(), pytest.raises(DatabaseError, match="did not verify"), transaction.atomic():
        prune(FEBRUARY)

    assert AuditEvent.objects.filter(action=Action.PRUNED).count() == 1


def test_what_waits_for_the_seal_does_not_go(start: int):
    with owner() as cursor:
        cursor.execute(LONG_AGO)

    assert [each.unsealed for each in due()] == [10, 10]
    assert step(FEBRUARY) == Step.UNSEALED


def test_what_is_not_what_was_sealed_does_not_go(start: int):
    with superuser() as session:
        session.execute("UPDATE audit_auditleaf SET line = line || ' ' WHERE sequence = %s", [start + 1])

    with as_retention_role(), pytest.raises(DatabaseError, match="not what was sealed"), transaction.atomic():
        prune(FEBRUARY)


def take_a_line_and_its_row(session: CursorWrapper, start: int) -> None:
    """As if they had been pruned, and nothing says so."""
    event = AuditLeaf.objects.get(sequence=start + 1).event
    session.execute("UPDATE audit_auditleaf SET line = '' WHERE sequence = %s", [start + 1])
    session.execute("DELETE FROM audit_auditevent WHERE id = %s", [event])


def delete_what_is_kept(session: CursorWrapper, start: int) -> None:
    session.execute("DELETE FROM audit_auditevent WHERE id = %s", [AuditLeaf.objects.get(sequence=start + 10).event])


def bring_one_back(session: CursorWrapper, start: int) -> None:
    session.execute(
        f"""INSERT INTO audit_auditevent (id, "timestamp", txid, {COPIED})
        SELECT %s, '2024-01-31 23:59Z', txid, {COPIED} FROM audit_auditevent ORDER BY id LIMIT 1""",
        [AuditLeaf.objects.get(sequence=start + 4).event],
    )


def change_a_hash(session: CursorWrapper, start: int) -> None:
    session.execute("UPDATE audit_auditleaf SET hash = sha256(hash) WHERE sequence = %s", [start + 2])


def take_back_what_was_said(session: CursorWrapper, start: int) -> None:
    told = AuditEvent.objects.get(action=Action.PRUNED)
    session.execute("DELETE FROM audit_auditevent WHERE id = %s", [told.pk])


@pytest.mark.parametrize(
    ("tamper", "kind", "place"),
    [
        (take_a_line_and_its_row, Kind.DELETED, lambda start: start + 1),
        (delete_what_is_kept, Kind.DELETED, lambda start: start + 10),
        (bring_one_back, Kind.INSERTED, lambda start: start + 4),
        (change_a_hash, Kind.CHANGED, lambda start: start),
        (take_back_what_was_said, Kind.CUT, lambda start: start + 11),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_tampering_after_a_pruning_is_found(
    start: int, tamper: Callable[[CursorWrapper, int], None], kind: Kind, place: Callable[[int], int]
):
    assert findings() == []

    with superuser() as session:
        tamper(session, start)

    assert findings()[0] == (place(start), kind)


def test_a_whole_month_that_goes_without_a_word_is_a_deletion(start: int):
    with superuser() as session:
        session.execute("""
            WITH deleted AS (
                DELETE FROM audit_auditevent WHERE "timestamp" BETWEEN '2024-02-01Z' AND '2024-03-01Z' RETURNING id)
            UPDATE audit_auditleaf SET line = '' WHERE event IN (SELECT id FROM deleted)""")

    assert findings() == [(start + 1, Kind.DELETED)]
