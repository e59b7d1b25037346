"""The seal: how fast a long backlog is sealed, verified and reported, in how much memory, and what writers feel of it.

Nothing is analysed: so a table stands after a bulk write.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from uuid import uuid4

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.utils import timezone

from apps.access.models import Unit
from apps.audit.keys import keys
from apps.audit.models import AuditCheckpoint, AuditEvent
from apps.audit.seal import CHUNK, seal
from apps.kernel.trail import Context, acting
from tests.benchmarks import stage
from tests.benchmarks.commands import Ran, manage
from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.sample.models import Person

MIB = 1024**2
GROWTH = 20
WRITERS = 8
WINDOW = 4
"""Seconds of writing are so many times those of a run."""
PAUSE = 1.0
"""Seconds between two seals: a tenth of the usual."""
FORK = get_context("fork")


def load_entries(count: int) -> None:
    """As writers left them: in the order of their transactions, of which none runs any more."""
    tables = "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit_auditevent'::regclass"
    with connection.cursor() as cursor:
        cursor.execute(tables)
        for table in ("audit_auditleaf", "audit_audittile", *(name for (name,) in cursor.fetchall())):
            stage.run(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    stage.run(
        "INSERT INTO audit_auditevent (timestamp, txid, content_type_id, action, object_pk, changes, personal,"
        " additional_data, actor_id, source, cid, remote_addr, reason, batch, subject, db_user, application_name)"
        " SELECT now() - (%s - n) * interval '100 microseconds',"
        " (3 + n * (pg_current_xact_id()::text::bigint - 4) / %s)::text::xid8, %s, 0, person,"
        " jsonb_build_object('number', jsonb_build_array(NULL, 'P-' || n), 'unit', jsonb_build_array(NULL, person)),"
        " jsonb_build_object('name', jsonb_build_array(gen_random_uuid(), NULL, 'Name ' || n),"
        " 'email', jsonb_build_array(gen_random_uuid(), NULL, 'n' || n || '@example.org')),"
        " '{}', %s, 'api', 'benchmark-' || n / 5, '192.0.2.7', '', '', person, 'steward_app', ''"
        " FROM generate_series(1, %s) AS n, gen_random_uuid() AS person",
        count,
        count,
        ContentType.objects.get_for_model(Person).pk,
        uuid4(),
        count,
    )


def grown(ran: Ran, nothing: Ran) -> float:
    return round((ran.peak - nothing.peak) / MIB, 1)


def of_a_long_trail(count: int) -> Iterator[Figure]:
    """Commands, without the time and the memory in which Django starts."""
    load_entries(count)
    entries = AuditEvent.objects.count()
    nothing = manage("audit", "report", "--from", "2100-01-01", "--output", "/dev/null")
    for verb, typed in (("seal", []), ("verify", []), ("report", ["--output", "/dev/null"])):
        ran = manage("audit", verb, *typed)
        seconds = max(ran.seconds - nothing.seconds, 0.001)
        note = f"{entries:,} entries in {seconds:.1f} s, of which {ran.cpu - nothing.cpu:.1f} s CPU outside PostgreSQL"
        if verb == "verify":
            yield Figure("verify: 1,000,000 entries", round(seconds / entries * 1_000_000, 1), "s", 30, note=note)
        else:
            hold = {"seal": 15_000, "report": 200_000}[verb]
            yield Figure(f"{verb}: entries", round(entries / seconds), "/s", hold, is_rate=True, note=note)
        yield Figure(f"{verb}: memory grown", grown(ran, nothing), "MiB", GROWTH)


def write(unit: Unit, written: "Synchronized[int]", is_over: Event) -> None:
    with acting(Context(source="command:benchmark", request_id="benchmark-2")):
        while not is_over.is_set():
            Person.objects.create(unit=unit, number=str(uuid4())[:20], name="Name", email="n@example.org")
            with written.get_lock():
                written.value += 1


def keep_sealing(is_on: Event, is_over: Event) -> None:
    usable = keys()
    while not is_over.is_set():
        if is_on.wait(0.1):
            while seal(usable, now=timezone.now()) == CHUNK:
                pass
            time.sleep(PAUSE)


@contextmanager
def beside(unit: Unit) -> Iterator[tuple["Synchronized[int]", Event]]:
    """Eight that write and one that seals while it may, each a process of its own."""
    written, is_on, is_over = FORK.Value("q", 0), FORK.Event(), FORK.Event()
    connection.close()
    processes = [FORK.Process(target=write, args=(unit, written, is_over)) for _ in range(WRITERS)]
    processes.append(FORK.Process(target=keep_sealing, args=(is_on, is_over)))
    for process in processes:
        process.start()
    try:
        yield written, is_on
    finally:
        is_over.set()
        for process in processes:
            process.join()


def of_writers(options: Options) -> Iterator[Figure]:
    """In turn with and without a sealer; what waits is sealed before a window with one begins."""
    unit = Unit.objects.create(slug="benchmark", name="Benchmark", path="/benchmark/")
    rates: dict[bool, list[float]] = {False: [], True: []}
    with beside(unit) as (written, is_on):
        for on in [False, True] * (options.rounds + 1):
            if on:
                is_on.set()
                time.sleep(PAUSE)
            begin, before = time.monotonic(), written.value
            time.sleep(options.seconds * WINDOW)
            rates[on].append((written.value - before) / (time.monotonic() - begin))
            is_on.clear()
    alone, together = (statistics.median(rates[on][1:]) for on in (False, True))
    sealed = AuditCheckpoint.objects.count()
    note = f"{together:,.0f} rows/s by {WRITERS} writers, {alone:,.0f} without; {sealed:,} checkpoints"
    yield Figure("writers beside a sealer", round(together / alone, 3), "x alone", 0.9, is_rate=True, note=note)


def measure(options: Options) -> Iterator[Figure]:
    stage.empty()
    yield from of_a_long_trail(options.many)
    yield from of_writers(options)
