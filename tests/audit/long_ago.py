"""A trail that has months whose period is over, and the steps by which they go."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from apps.access.models import Unit
from apps.audit.keys import keys
from apps.audit.models import AuditEvent, AuditLeaf
from apps.audit.retention import Step, as_retention_role, prune
from apps.audit.verify import Kind, verify
from tests.audit.sealing import seal_everything
from tests.sample.models import Deal, Person

JANUARY, FEBRUARY, MARCH = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
COPIED = """content_type_id, action, object_pk, changes, personal, additional_data, source, actor_id, cid, remote_addr,
    reason, batch, unit_id, subject, db_user, application_name"""
# As if the same had been written then: five people and a deal in January, the people again in February.
LONG_AGO = f"""
INSERT INTO audit_auditevent ("timestamp", txid, {COPIED})
SELECT moment, pg_current_xact_id(), {COPIED}
FROM audit_auditevent e JOIN django_content_type t ON t.id = e.content_type_id AND t.app_label = 'sample',
    (VALUES ('2024-01-31 23:50Z'::timestamptz), ('2024-02-15 12:00Z')) AS month (moment)
WHERE t.model = 'person' OR moment < '2024-02-01'
ORDER BY e.id, moment
"""


@contextmanager
def owner() -> Iterator[CursorWrapper]:
    """A session of the owner, from within a test that runs as the run-time role."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (present,) = cursor.fetchone()
        cursor.execute("SET ROLE NONE")
        yield cursor
        cursor.execute("SELECT set_config('role', %s, false)", [present])


@contextmanager
def superuser() -> Iterator[CursorWrapper]:
    """The same, with every guard of the trail switched off."""
    with owner() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield cursor
        cursor.execute("RESET session_replication_role")


def write_long_ago(unit: Unit) -> int:
    """A sealed log with two months whose period is over for all but a deal; the position at which they begin."""
    people = [Person.objects.create(unit=unit, number=f"P-{n}", name=f"Person {n}") for n in range(5)]
    Deal.objects.create(unit=unit, number="D-1", buyer=people[0], ship_to="1 Long Lane")
    start = seal_everything()
    with owner() as cursor, transaction.atomic():
        for first, end in ((JANUARY, FEBRUARY), (FEBRUARY, MARCH)):
            cursor.execute(
                f"CREATE TABLE audit_auditevent_y{first:%Y}m{first:%m} PARTITION OF audit_auditevent"
                f" FOR VALUES FROM ('{first} 00:00Z') TO ('{end} 00:00Z')"
            )
        cursor.execute(LONG_AGO)
    seal_everything()
    return start


def drop_long_ago() -> None:
    with owner() as cursor:
        for month in (JANUARY, FEBRUARY):
            cursor.execute(f"DROP TABLE IF EXISTS audit_auditevent_y{month:%Y}m{month:%m}")


def step(month: date) -> Step:
    with as_retention_role():
        return prune(month)


def let_go(month: date) -> None:
    assert step(month) == Step.ANNOUNCED
    seal_everything()
    assert step(month) == Step.PRUNED


def findings(*outside: str) -> list[tuple[int, Kind]]:
    return [(found.position, found.kind) for found in verify(keys().verifiers, outside).findings]


def gone() -> list[int]:
    """The positions of which the log has the hash alone."""
    return list(AuditLeaf.objects.filter(line=b"").order_by("sequence").values_list("sequence", flat=True))


def left(month: date, label: str) -> int:
    """How many entries of this kind the month still has."""
    since = datetime(month.year, month.month, 1, tzinfo=UTC)
    until = datetime(month.year, month.month + 1, 1, tzinfo=UTC)
    app_label, _dot, model = label.partition(".")
    of_kind = AuditEvent.objects.filter(content_type__app_label=app_label, content_type__model=model)
    return of_kind.between(since, until).count()
