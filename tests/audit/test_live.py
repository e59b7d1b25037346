"""Sealing and verifying while others write: nothing is missed, nobody waits, and who is killed leaves nothing."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import timezone

from apps.access.models import Unit
from apps.audit.keys import keys
from apps.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf
from apps.audit.seal import seal
from apps.audit.verify import Kind, verify
from apps.events.work import enqueue, execute
from tests.audit.sealing import ran, seal_everything, verified
from tests.database import addresses
from tests.sample.models import Person

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS, EACH = 8, 1_000
PATIENCE = 30
WRITE = """
DO $$ BEGIN
    FOR n IN 1..{times} LOOP
        INSERT INTO sample_tag (id, created_at, updated_at, unit_id, label)
        VALUES (gen_random_uuid(), now(), now(), '{unit}', n);
        COMMIT;
    END LOOP;
END $$
"""


@contextmanager
def session(**options: Any) -> Iterator[psycopg.Connection[Any]]:
    """Another session of the same database."""
    wanted = {"host", "port", "user", "password", "dbname"}
    login = {key: value for key, value in connection.get_connection_params().items() if key in wanted}
    with psycopg.connect(**login, **options) as other:
        yield other


def until(is_so: Callable[[], bool]) -> None:
    latest = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < latest, "It has not happened."
        time.sleep(0.02)


def waits_for(table: str) -> bool:
    with session(autocommit=True) as other:
        query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
        return other.execute(query, [table]).fetchone() != (0,)


def write(unit: Unit, times: int) -> None:
    """So many transactions of one row each, by somebody who would not wait for a lock."""
    with session(autocommit=True) as other:
        other.execute("SET synchronous_commit = off; SET lock_timeout = '100ms'")
        other.execute(WRITE.format(unit=unit.pk, times=times))


def test_what_eight_write_at_once_is_sealed_once_each_while_they_write(unit: Unit):
    start = seal_everything(limit=5_000)
    writers = [threading.Thread(target=write, args=(unit, EACH)) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    seals = 0
    while any(writer.is_alive() for writer in writers):
        seals += bool(seal(keys(), now=timezone.now()))
    for writer in writers:
        writer.join()

    end = seal_everything(limit=5_000)

    assert end - start == WRITERS * EACH
    assert seals > 1
    assert verified() == (0, "")

    late = end - 100
    with session() as other:
        other.execute("SET session_replication_role = replica")
        event = AuditLeaf.objects.get(sequence=late).event
        other.execute("UPDATE audit_auditevent SET cid = 'forged' WHERE id = %s", [event])

    assert verified() == (1, f"Tampered at position {late}: changed. The row is not what was sealed.")


def test_nobody_waits_for_a_verification(unit: Unit):
    """Neither who writes, nor who makes a new month, which nobody else may look at meanwhile."""
    seal_everything()
    writer = threading.Thread(target=write, args=(unit, EACH))

    def lock(_size: int) -> None:
        with session() as other:
            other.execute("SET lock_timeout = '5s'")
            other.execute("LOCK TABLE audit_auditevent, audit_auditleaf IN ACCESS EXCLUSIVE MODE")
            other.rollback()

    writer.start()
    found = [verify(keys().verifiers, told=lock).findings]
    while writer.is_alive():
        found.append(verify(keys().verifiers).findings)
    writer.join()

    assert set(found) == {()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sample_tag")
        assert cursor.fetchone() == (EACH,)


def test_many_processes_leave_a_connection_alone_that_is_open_elsewhere(unit: Unit, monkeypatch):
    """Inside of an event loop Django has other connections than the same thread has outside of it."""
    monkeypatch.setattr("apps.audit.verify.BLOCK", 256)
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    Person.objects.bulk_create(Person(unit=unit, number=f"P-{n}", name="Ada") for n in range(2_000))
    seal_everything(limit=5_000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        before = cursor.fetchone()

    async def inside() -> tuple[int, str]:
        try:
            return verified()
        finally:
            connections.close_all()

    assert asyncio.run(inside()) == (0, "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() == before


def test_the_nightly_job_holds_no_table_of_the_trail_while_it_reads(unit: Unit):
    seal_everything()
    with transaction.atomic():
        work = enqueue("audit.verify")

    def run() -> None:
        execute(work.pk)
        connections.close_all()

    with session() as other, session() as another:
        other.execute("LOCK TABLE audit_audittile IN ACCESS EXCLUSIVE MODE")
        job = threading.Thread(target=run)
        job.start()
        until(lambda: waits_for("audit_audittile"))
        another.execute("LOCK TABLE audit_auditevent, audit_auditleaf IN ACCESS EXCLUSIVE MODE NOWAIT")
        another.rollback()
        other.rollback()
        job.join()

    work.refresh_from_db()
    assert (work.state, work.last_error) == ("done", "")


def test_what_is_sealed_meanwhile_is_looked_at_too(unit: Unit):
    size = seal_everything()
    written: list[Person] = []

    def seal_another(_size: int) -> None:
        if not written:
            written.append(Person.objects.create(unit=unit, number="P-1", name="Ada"))
            seal_everything()

    found = verify(keys().verifiers, told=seal_another)

    assert (found.findings, found.entries) == ((), size + 1)


def test_what_is_sealed_and_altered_meanwhile_is_found(unit: Unit):
    size = seal_everything()
    written: list[Person] = []

    def alter_another(_size: int) -> None:
        if not written:
            written.append(Person.objects.create(unit=unit, number="P-1", name="Ada"))
            seal_everything()
            event = AuditEvent.objects.of(written[0]).get().pk
            with session() as other:
                other.execute("SET session_replication_role = replica")
                other.execute("UPDATE audit_auditevent SET cid = 'forged' WHERE id = %s", [event])

    [finding] = verify(keys().verifiers, told=alter_another).findings

    assert (finding.kind, finding.position) == (Kind.CHANGED, size)


def test_a_sealer_that_is_killed_in_the_middle_leaves_nothing_and_the_next_goes_on(unit: Unit):
    size = seal_everything()
    write(unit, 50)
    environment = os.environ | addresses() | {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
    with session() as other:
        other.execute("LOCK TABLE audit_auditcheckpoint IN SHARE MODE")
        typed = [sys.executable, "manage.py", "audit", "seal"]
        sealer = subprocess.Popen(typed, cwd=settings.BASE_DIR, env=environment, start_new_session=True)
        until(lambda: waits_for("audit_auditcheckpoint"))
        sealer.send_signal(signal.SIGKILL)
        sealer.wait()
        other.rollback()

    assert AuditLeaf.objects.count() == size
    assert seal_everything() == size + 50
    assert verified() == (0, "")


def test_an_older_dump_that_is_restored_is_known_by_a_checkpoint_kept_outside(unit: Unit, tmp_path: Path):
    older = seal_everything()
    tables = ("audit_auditevent*", "audit_auditleaf", "audit_audittile", "audit_auditcheckpoint*")
    chosen = [word for table in tables for word in ("-t", table)]
    ran("pg_dump", "-Fc", "--data-only", *chosen, "-f", str(tmp_path / "dump"))
    write(unit, 5)
    seal_everything()
    outside = AuditCheckpoint.objects.latest("id").note

    with session() as other:
        other.execute("TRUNCATE audit_auditevent, audit_auditleaf, audit_audittile, audit_auditcheckpoint")
    database = str(connection.settings_dict["NAME"])
    ran("pg_restore", "--data-only", "--disable-triggers", "-d", database, str(tmp_path / "dump"))

    assert AuditLeaf.objects.count() == older
    assert verified() == (0, "")
    assert verified(outside)[1].startswith(f"Tampered at position {older}: rolled back.")
    write(unit, 9)
    seal_everything()
    assert verified() == (0, "")
    assert verified(outside)[1].startswith(f"Tampered at position {older}: rolled back.")
