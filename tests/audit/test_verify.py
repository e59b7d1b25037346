"""Whoever changes the sealed trail, even as a superuser of the database, is found: what was done, and where first."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from apps.access.models import Unit
from apps.audit import merkle
from apps.audit.keys import keys
from apps.audit.models import AuditCheckpoint, AuditLeaf
from apps.audit.notes import Checkpoint, Signer
from apps.audit.seal import origin
from apps.audit.tree import StoredTree
from apps.audit.verify import Kind, Verdict, verify
from tests.audit.sealing import seal_everything
from tests.sample.models import Person

pytestmark = pytest.mark.django_db
PEOPLE = 12


@pytest.fixture(scope="module")
def first(django_db_setup: None, django_db_blocker) -> Iterator[int]:
    """Twelve people, committed and sealed by four at a time; the position of the first of them."""
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)
        unit = Unit.objects.create(name="Company", slug="company", path="/company/")
        start = seal_everything()
        for number in range(PEOPLE):
            Person.objects.create(unit=unit, number=f"P-{number}", name=f"Person {number}")
            if number % 4 == 3:
                seal_everything()
    yield start
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def outside(first: int) -> str:
    """The last checkpoint, as somebody outside keeps it."""
    return AuditCheckpoint.objects.latest("id").note


@contextmanager
def superuser() -> Iterator[CursorWrapper]:
    """A session of the owner of everything, with every guard of the trail switched off."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SET session_replication_role = replica")
        yield cursor
        cursor.execute("RESET session_replication_role")


def verdict(*outside: str) -> Verdict:
    return verify(keys().verifiers, outside)


def event_at(position: int) -> int:
    return AuditLeaf.objects.get(sequence=position).event


def rehashed(session: CursorWrapper) -> None:
    """Every leaf and tile made to fit again, by somebody who knows how it is done."""
    session.execute("SELECT sequence, line FROM audit_auditleaf")
    for sequence, line in session.fetchall():
        session.execute("UPDATE audit_auditleaf SET hash = %s WHERE sequence = %s", [merkle.leaf_hash(line), sequence])


def change(session: CursorWrapper, position: int) -> None:
    session.execute(
        'UPDATE audit_auditevent SET changes = \'{"number": [null, "X"]}\' WHERE id = %s', [event_at(position)]
    )


def change_the_name(session: CursorWrapper, position: int) -> None:
    session.execute(
        "UPDATE audit_auditevent SET personal = jsonb_set(personal, '{name,2}', '\"Somebody else\"') WHERE id = %s",
        [event_at(position)],
    )


def take_the_name_out(session: CursorWrapper, position: int) -> None:
    session.execute("UPDATE audit_auditevent SET personal = personal - 'name' WHERE id = %s", [event_at(position)])


def delete(session: CursorWrapper, position: int) -> None:
    session.execute("DELETE FROM audit_auditevent WHERE id = %s", [event_at(position)])


def delete_with_its_leaf(session: CursorWrapper, position: int) -> None:
    delete(session, position)
    session.execute("DELETE FROM audit_auditleaf WHERE sequence = %s", [position])


def delete_and_close_the_gap(session: CursorWrapper, position: int) -> None:
    delete_with_its_leaf(session, position)
    for later in range(position + 1, AuditLeaf.objects.count() + 1):
        session.execute("UPDATE audit_auditleaf SET sequence = %s WHERE sequence = %s", [later - 1, later])


def delete_the_tail(session: CursorWrapper, position: int) -> None:
    session.execute("DELETE FROM audit_auditevent WHERE id >= %s", [event_at(position)])


def delete_the_tail_of_the_log(session: CursorWrapper, position: int) -> None:
    delete_the_tail(session, position)
    session.execute("DELETE FROM audit_auditleaf WHERE sequence >= %s", [position])


def forge(session: CursorWrapper, position: int) -> None:
    """A row that says it was written before the one at this position was."""
    session.execute(
        """INSERT INTO audit_auditevent (timestamp, txid, content_type_id, action, object_pk, changes, personal,
            additional_data, source, cid, reason, batch, db_user, application_name)
        SELECT timestamp, (txid::text::bigint - 1)::text::xid8, content_type_id, action, object_pk, changes, '{}',
            additional_data, source, cid, reason, batch, db_user, application_name
        FROM audit_auditevent WHERE id = %s""",
        [event_at(position)],
    )


def exchange_leaves(session: CursorWrapper, position: int) -> None:
    for old, new in ((position, -1), (position + 2, position), (-1, position + 2)):
        session.execute("UPDATE audit_auditleaf SET sequence = %s WHERE sequence = %s", [new, old])


def backdate(session: CursorWrapper, position: int) -> None:
    session.execute(
        "UPDATE audit_auditevent SET timestamp = timestamp - interval '1 year' WHERE id = %s", [event_at(position)]
    )


def swap(session: CursorWrapper, position: int) -> None:
    one, other = event_at(position), event_at(position + 1)
    for old, new in ((one, -1), (other, one), (-1, other)):
        session.execute("UPDATE audit_auditevent SET id = %s WHERE id = %s", [new, old])


def change_the_leaf(session: CursorWrapper, position: int) -> None:
    session.execute("UPDATE audit_auditleaf SET line = line || ' '::bytea WHERE sequence = %s", [position])


def rewrite_and_rehash(session: CursorWrapper, position: int) -> None:
    """The row, its leaf and every hash, consistent again; only the signatures cannot be made anew."""
    change(session, position)
    leaf = AuditLeaf.objects.get(sequence=position)
    line = json.loads(bytes(leaf.line)) | {"c": {"number": [None, "X"]}}
    text = json.dumps(line, separators=(",", ":"), ensure_ascii=False).replace(
        '"c":{"number":[null,"X"]}', '"c":{"number": [null, "X"]}'
    )
    session.execute("UPDATE audit_auditleaf SET line = %s WHERE sequence = %s", [text.encode(), position])
    rehashed(session)


def switch_the_guard_off(session: CursorWrapper, position: int) -> None:
    session.execute("SET session_replication_role = origin")
    session.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER audit_append_only")
    change(session, position)
    session.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER audit_append_only")


TAMPERINGS: dict[Callable[[CursorWrapper, int], None], tuple[Kind, int]] = {
    change: (Kind.CHANGED, 5),
    change_the_name: (Kind.CHANGED, 5),
    take_the_name_out: (Kind.CHANGED, 5),
    delete: (Kind.DELETED, 5),
    delete_with_its_leaf: (Kind.DELETED, 5),
    delete_and_close_the_gap: (Kind.DELETED, 5),
    delete_the_tail: (Kind.CUT, 5),
    delete_the_tail_of_the_log: (Kind.CUT, 5),
    forge: (Kind.INSERTED, 5),
    exchange_leaves: (Kind.REORDERED, 5),
    backdate: (Kind.CHANGED, 5),
    swap: (Kind.REORDERED, 5),
    change_the_leaf: (Kind.CHANGED, 5),
    rewrite_and_rehash: (Kind.CHANGED, 4),
    switch_the_guard_off: (Kind.CHANGED, 5),
}


def test_untouched_it_is_intact(first: int, outside: str):
    found = verdict(outside)

    assert (found.findings, found.entries, found.unsealed) == ((), first + PEOPLE, 0)


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_what_a_superuser_does_is_named_with_its_place(first: int, outside: str, tamper):
    kind, offset = TAMPERINGS[tamper]

    with superuser() as session:
        tamper(session, first + 5)

    found = verdict(outside).findings[0]
    assert (found.kind, found.position) == (kind, first + offset)


def test_an_emptied_trail_was_cut_at_its_beginning(first: int, outside: str):
    with superuser() as session:
        session.execute("TRUNCATE audit_auditevent")

    assert [(found.kind, found.position) for found in verdict(outside).findings] == [(Kind.CUT, 0)]


def restore_an_older_dump(session: CursorWrapper, first: int) -> None:
    older = AuditCheckpoint.objects.filter(size__lte=first + 8).latest("id")
    last = event_at(first + 7)
    session.execute("DELETE FROM audit_auditevent WHERE id > %s", [last])
    session.execute("DELETE FROM audit_auditleaf WHERE event > %s", [last])
    session.execute("DELETE FROM audit_auditcheckpoint WHERE id > %s", [older.pk])


def test_an_older_state_is_known_by_a_checkpoint_kept_outside(first: int, outside: str):
    with superuser() as session:
        restore_an_older_dump(session, first)

    assert verdict().findings == ()
    assert [(one.kind, one.position) for one in verdict(outside).findings] == [(Kind.ROLLED_BACK, first + 8)]


def test_another_log_signed_with_the_same_key_is_known_too(first: int, outside: str):
    """Somebody who holds the key goes back and seals the last four entries in another order."""
    size = first + PEOPLE
    with superuser() as session:
        for old, new in ((size - 1, -1), (size - 3, size - 1), (-1, size - 3)):
            line = bytes(AuditLeaf.objects.get(sequence=old).line)
            said = re.sub(rb'"s":-?\d+', b'"s":%d' % new, line, count=1)
            session.execute(
                "UPDATE audit_auditleaf SET sequence = %s, line = %s, hash = %s WHERE sequence = %s",
                [new, said, merkle.leaf_hash(said), old],
            )
        note = Checkpoint(origin(), size, StoredTree(size).root(), timezone.now()).signed(*keys().signers)
        session.execute("UPDATE audit_auditcheckpoint SET note = %s WHERE size = %s", [note, size])

    assert verdict().findings == ()
    assert [(one.kind, one.position) for one in verdict(outside).findings] == [(Kind.ROLLED_BACK, first + 8)]


def test_checkpoints_of_another_key_are_not_ours(first: int):
    stranger = Signer.generate("of the tests only")
    with superuser() as session:
        for checkpoint in AuditCheckpoint.objects.filter(size__gt=first + 4):
            text = checkpoint.note.partition("\n\n")[0] + "\n"
            session.execute(
                "UPDATE audit_auditcheckpoint SET note = %s WHERE id = %s",
                [f"{text}\n{stranger.signature(text)}", checkpoint.pk],
            )

    found = verdict().findings[0]
    assert (found.kind, found.position) == (Kind.RE_SIGNED, first + 4)
