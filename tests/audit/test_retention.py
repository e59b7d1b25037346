"""What is over its period goes, said under the seal before; what remains is proved as before."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from time import monotonic, sleep
from typing import Any, LiteralString

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.urls import reverse

from apps.audit import verify as verifying
from apps.audit.holds import release_hold, set_hold
from apps.audit.keys import keys
from apps.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf, KeepingPeriod
from apps.audit.redaction import redact
from apps.audit.retention import Step, due, months_due
from apps.audit.verify import verify
from apps.kernel.trail import Action
from tests.audit.long_ago import (
    FEBRUARY,
    JANUARY,
    drop_long_ago,
    findings,
    gone,
    left,
    let_go,
    owner,
    step,
    write_long_ago,
)
from tests.audit.sealing import seal_everything
from tests.sample.models import Person, Tag

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sessions() -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any]]]:
    """Two more of the owner: one in a transaction, one whose statements are transactions of their own."""
    wanted = {"host", "port", "user", "password", "dbname"}
    login = {key: value for key, value in connection.get_connection_params().items() if key in wanted}
    with psycopg.connect(**login) as one, psycopg.connect(**login, autocommit=True) as other:
        yield one, other


def in_a_thread(month: date) -> Step:
    try:
        return step(month)
    finally:
        connection.close()


def seconds(session: psycopg.Connection[Any], statement: LiteralString, values: list[Any]) -> float:
    """How long it took; after it a pause, as between two clicks."""
    begin = monotonic()
    session.execute(statement, values)
    took = monotonic() - begin
    sleep(0.1)
    return took


@pytest.fixture
def start(unit) -> Iterator[int]:
    yield write_long_ago(unit)
    drop_long_ago()


def bundle(path: Path, *wanted: str) -> Path:
    call_command("audit", "report", "--format", "bundle", "--output", str(path), *wanted, stderr=sys.stderr)
    return path


def checked(path: Path, *arguments: str) -> tuple[int, str]:
    program = Path("apps/audit/standalone/verify.py")
    typed = [sys.executable, "-I", str(program), str(path), "--vkey", str(keys().signers[0].verifier), *arguments]
    done = subprocess.run(typed, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


def without(whole: Path, position: int) -> Path:
    """The bundle, unpacked, without the entry at this position."""
    folder = whole.with_suffix("")
    zipfile.ZipFile(whole).extractall(folder)
    lines = (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "entries.jsonl").write_bytes(b"".join(line for line in lines if json.loads(line)["s"] != position))
    return folder


def test_nothing_goes_before_the_log_has_said_so_under_the_seal(start: int):
    sealed_by = AuditCheckpoint.objects.filter(size__gt=start + 9).earliest("id")
    assert months_due() == [JANUARY, FEBRUARY]

    assert step(JANUARY) == Step.ANNOUNCED
    assert step(JANUARY) == Step.WAITING
    assert (left(JANUARY, "sample.person"), gone()) == (5, [])
    seal_everything()
    assert findings() == []
    assert step(JANUARY) == Step.PRUNED

    places = [start + 2 * number for number in range(5)]
    assert (left(JANUARY, "sample.person"), left(JANUARY, "sample.deal")) == (0, 1)
    assert (left(FEBRUARY, "sample.person"), gone()) == (5, places)
    assert step(JANUARY) == Step.NOTHING
    assert months_due() == [FEBRUARY]
    told = AuditEvent.objects.get(action=Action.PRUNED)
    assert told.object_pk == "2024-01"
    assert told.additional_data == {
        "gone": [[place, place] for place in places],
        "entries": {"sample.person": 5},
        "grounds": {"sample.person": ["P1Y", KeepingPeriod.objects.get(model="").law]},
        "checkpoint": [sealed_by.size, sealed_by.note.splitlines()[2]],
    }
    assert AuditLeaf.objects.filter(event=told.pk).exists()


def test_the_start_page_says_which_months_wait(start: int, make_user, sign_in):
    let_go(JANUARY)

    auditor = sign_in(make_user("auditor"))
    told = auditor.get(reverse("admin:start_panel", args=["retention"])).content.decode()

    pruning = AuditEvent.objects.get(action=Action.PRUNED)
    assert "sample.person" in auditor.get(reverse("admin:audit_auditevent_change", args=[pruning.pk])).content.decode()
    assert ("February 2024" in told, "January 2024" in told) == (True, False)


def test_what_remains_is_proved_as_before(start: int, tmp_path: Path):
    old = bundle(tmp_path / "old.zip")
    note = AuditCheckpoint.objects.latest("id").note
    (tmp_path / "kept").write_text(note)
    let_go(JANUARY)
    let_go(FEBRUARY)
    seal_everything()

    assert verify(keys().verifiers, [note]).findings == ()
    kept, size = ("--prev", str(tmp_path / "kept")), AuditCheckpoint.objects.latest("id").size
    whole = bundle(tmp_path / "whole.zip")
    assert checked(whole, *kept)[1].startswith(f"OK: {size - 10} of {size} entries, 10 pruned; ")
    assert checked(old)[0] == 0
    assert checked(bundle(tmp_path / "deal.zip", "--model", "sample.deal"), *kept)[1].startswith(f"OK: 2 of {size} ")
    assert checked(without(whole, start + 10))[1].startswith(f"FAIL at position {start + 10}: deleted.")
    pruning = AuditLeaf.objects.get(event=AuditEvent.objects.filter(action=Action.PRUNED).earliest("id").pk)
    assert checked(without(whole, pruning.sequence))[1].startswith(f"FAIL at position {start}: deleted.")


def test_the_rest_of_a_month_is_guarded_and_goes_when_its_own_period_is_over(start: int):
    deal = AuditEvent.objects.filter(content_type__model="deal").earliest("timestamp")
    redact({deal.pk: ["ship_to"]}, ground="Art. 17(1)(a) GDPR")
    let_go(JANUARY)
    assert AuditEvent.objects.get(pk=deal.pk).changes == deal.changes
    for statement in ("DELETE FROM audit_auditevent", "UPDATE audit_auditevent SET source = 'x'"):
        with owner() as cursor, pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            cursor.execute(f"{statement} WHERE \"timestamp\" < '2024-02-01'")

    with owner() as cursor:
        KeepingPeriod.objects.filter(model="sample.deal").update(keep="P1Y")
    let_go(JANUARY)

    seal_everything()
    last = AuditEvent.objects.filter(action=Action.PRUNED).latest("id")
    assert last.additional_data["entries"] == {"sample.deal": 1}
    places = [*range(start, start + 9, 2), start + 10]
    assert last.additional_data["gone"] == [[place, place] for place in places]
    assert findings() == []
    with owner() as cursor:
        cursor.execute("SELECT to_regclass('audit_auditevent_y2024m02'), to_regclass('audit_auditevent_y2024m01')")
        assert cursor.fetchone() == ("audit_auditevent_y2024m02", None)


def test_a_hold_keeps_what_it_covers_until_it_is_released(start: int, make_user):
    person = Person.objects.order_by("number").first()
    hold = set_hold(reason="Case 7", by=make_user(), subject=person.pk, model="sample.person")

    january, february = due()
    assert (january.goes, january.held, january.holds) == ({"sample.person": 4}, {"sample.person": 1}, {str(hold.pk)})
    assert february.held == {"sample.person": 1}
    let_go(JANUARY)
    assert left(JANUARY, "sample.person") == 1

    release_hold(hold, reason="Case closed", by=None, now=datetime.now(tz=UTC))
    let_go(JANUARY)
    seal_everything()
    assert left(JANUARY, "sample.person") == 0
    assert findings() == []


def test_a_hold_that_comes_after_the_announcement_holds(start: int):
    assert step(JANUARY) == Step.ANNOUNCED
    seal_everything()
    set_hold(reason="Case 7", by=None, first_on=JANUARY, last_on=date(2024, 1, 31))

    assert step(JANUARY) == Step.ANNOUNCED
    seal_everything()
    assert step(JANUARY) == Step.NOTHING

    assert (left(JANUARY, "sample.person"), gone()) == (5, [])
    assert AuditEvent.objects.filter(action=Action.PRUNED).latest("id").additional_data["gone"] == []


def test_the_command_counts_prunes_and_says_what_it_waits_for(start: int):
    said = StringIO()
    call_command("audit", "retention", "--dry-run", "--json", stdout=said)
    told = json.loads(said.getvalue())
    assert {"model": "sample.deal", "keep": "P10Y"}.items() <= told["periods"][-1].items()
    assert [(month["month"], month["goes"]) for month in told["due"]] == [
        ("2024-01", {"sample.person": 5}),
        ("2024-02", {"sample.person": 5}),
    ]

    with pytest.raises(CommandError, match="not sealed yet") as waiting:
        call_command("audit", "prune", "--wait", "0", stdout=StringIO())
    assert waiting.value.returncode == 2
    seal_everything()
    said = StringIO()
    call_command("audit", "prune", "--json", stdout=said)

    assert json.loads(said.getvalue()) == {"2024-01": "pruned", "2024-02": "pruned"}
    assert gone() == [*range(start, start + 10)]


def test_while_it_waits_for_the_trail_writers_wait_for_a_moment_only(start: int, unit, sessions):
    slow_one, quick_one = (Tag.objects.create(unit=unit, label="red").pk for _ in range(2))
    slow, quick = sessions
    assert step(FEBRUARY) == Step.ANNOUNCED
    seal_everything()
    slow.execute("UPDATE sample_tag SET label = 'slow' WHERE id = %s", [slow_one])

    with ThreadPoolExecutor() as beside:
        pruning = beside.submit(in_a_thread, FEBRUARY)
        change = "UPDATE sample_tag SET label = label || '!' WHERE id = %s"
        waits = [seconds(quick, change, [quick_one]) for _ in range(9)]
        slow.commit()

    assert pruning.result() == Step.PRUNED
    assert 0.3 < max(waits) < 5
    assert left(FEBRUARY, "sample.person") == 0


def test_what_is_redacted_meanwhile_is_not_brought_back(start: int, sessions):
    """A redaction that runs when the copy begins is waited for."""
    deal = AuditEvent.objects.filter(content_type__model="deal").earliest("timestamp")
    assert deal.personal
    assert step(JANUARY) == Step.ANNOUNCED
    seal_everything()
    redactor, _other = sessions
    redactor.execute("SELECT audit_redact(%s::jsonb, 'Art. 17', '{}')", [json.dumps({deal.pk: list(deal.personal)})])

    with ThreadPoolExecutor() as beside:
        pruning = beside.submit(in_a_thread, JANUARY)
        sleep(0.2)
        redactor.commit()

    assert pruning.result() == Step.PRUNED
    assert AuditEvent.objects.get(pk=deal.pk).personal == {}


def test_a_hold_that_comes_while_a_month_goes_stops_it(start: int, sessions):
    assert step(JANUARY) == Step.ANNOUNCED
    seal_everything()
    officer, _other = sessions
    officer.execute(
        """INSERT INTO audit_legalhold (id, created_at, updated_at, model, object_pk, reason, release_reason)
        VALUES (gen_random_uuid(), now(), now(), '', '', 'Case 7', '')"""
    )

    with ThreadPoolExecutor() as beside:
        pruning = beside.submit(in_a_thread, JANUARY)
        sleep(0.5)
        officer.commit()

    with pytest.raises(OperationalError, match="A hold was set meanwhile"):
        pruning.result()
    assert (left(JANUARY, "sample.person"), gone()) == (5, [])


def test_a_verification_that_meets_a_pruning_is_not_misled(start: int, monkeypatch):
    """The line of a leaf is read, then all of the month goes, then the entry is looked up."""
    assert step(FEBRUARY) == Step.ANNOUNCED
    seal_everything()
    looked_up = verifying._entries

    def go_first(block: Any, using: str) -> Any:
        monkeypatch.setattr(verifying, "_entries", looked_up)
        assert step(FEBRUARY) == Step.PRUNED
        return looked_up(block, using)

    monkeypatch.setattr(verifying, "_entries", go_first)

    assert findings() == []
    assert len(gone()) == 5
