"""Whoever changes the sealed trail, even as a superuser of the database, is found: what was done, and where first."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from apps.access.models import Unit
from apps.audit import leaves, merkle
from apps.audit.keys import keys
from apps.audit.models import AuditCheckpoint, AuditLeaf, AuditTile
from apps.audit.notes import Checkpoint, Signer
from apps.audit.seal import origin
from apps.audit.tree import StoredTree, full_tiles
from apps.audit.verify import Kind, verify
from tests.audit.sealing import seal_everything, verified
from tests.sample.models import Person

pytestmark = pytest.mark.django_db
PEOPLE = 12


@pytest.fixture(scope="module")
def first(company: Unit, django_db_blocker: DjangoDbBlocker) -> int:
    """Twelve people, committed and sealed by four at a time; the position of the first of them."""
    with django_db_blocker.unblock():
        start = seal_everything()
        for number in range(PEOPLE):
            Person.objects.create(unit=company, number=f"P-{number}", name=f"Person {number}")
            if number % 4 == 3:
                seal_everything()
    return start


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


def event_at(position: int) -> int:
    return AuditLeaf.objects.get(sequence=position).event


def rehashed(session: CursorWrapper) -> None:
    """Every leaf and tile made to fit again, by somebody who knows how it is done."""
    session.execute("SELECT line FROM audit_auditleaf ORDER BY sequence")
    hashes = [merkle.leaf_hash(line) for (line,) in session.fetchall()]
    for sequence, hashed in enumerate(hashes):
        session.execute("UPDATE audit_auditleaf SET hash = %s WHERE sequence = %s", [hashed, sequence])
    session.execute("DELETE FROM audit_audittile")
    AuditTile.objects.bulk_create(full_tiles(0, hashes, StoredTree(0)))


def re_signed(session: CursorWrapper, signer: Signer, *, since: int) -> None:
    """Checkpoints over that many entries and more, made to fit what stands there now."""
    for kept in AuditCheckpoint.objects.filter(size__gte=since):
        said = Checkpoint(origin(), kept.size, StoredTree(kept.size).root(), kept.signed_at).signed(signer)
        session.execute("UPDATE audit_auditcheckpoint SET note = %s WHERE id = %s", [said, kept.pk])


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


def rewrite_and_sign_by_another_key(session: CursorWrapper, position: int) -> None:
    rewrite_and_rehash(session, position)
    re_signed(session, Signer.generate("of the tests only"), since=position)


def rewrite_the_tree(session: CursorWrapper, position: int) -> None:
    """Only a stored hash, from which the sealer would go on."""
    session.execute("UPDATE audit_audittile SET hashes = sha256(hashes) || substr(hashes, 33) WHERE index = 1")


def append_a_leaf(session: CursorWrapper, position: int) -> None:
    """An entry and its leaf behind the last one, as the sealer makes them, without a checkpoint."""
    forge(session, position)
    session.execute(
        f"SELECT {leaves.COLUMNS} FROM audit_auditevent e WHERE id NOT IN (SELECT event FROM audit_auditleaf)"
    )
    [row] = session.fetchall()
    entry, end = leaves.Entry(*row), AuditLeaf.objects.count()
    line = leaves.line(entry, end, "sample.person", leaves.digests(entry, leaves.Salts()))
    session.execute(
        "INSERT INTO audit_auditleaf VALUES (%s, %s, %s, %s, '', '')", [end, entry.id, line, merkle.leaf_hash(line)]
    )


def garble_a_checkpoint(session: CursorWrapper, position: int) -> None:
    session.execute("UPDATE audit_auditcheckpoint SET note = 'gone' WHERE size > %s", [position])


def switch_the_guard_off(session: CursorWrapper, position: int) -> None:
    session.execute("SET session_replication_role = origin")
    session.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER audit_append_only")
    change(session, position)
    session.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER audit_append_only")


def act_as_a_replica(session: CursorWrapper, position: int) -> None:
    session.execute("SHOW session_replication_role")
    assert session.fetchone() == ("replica",)
    session.execute("UPDATE audit_auditevent SET actor_id = gen_random_uuid() WHERE id = %s", [event_at(position)])


def truncate(session: CursorWrapper, position: int) -> None:
    session.execute("TRUNCATE audit_auditevent")


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
    append_a_leaf: (Kind.INSERTED, 12),
    exchange_leaves: (Kind.REORDERED, 5),
    backdate: (Kind.CHANGED, 5),
    swap: (Kind.REORDERED, 5),
    change_the_leaf: (Kind.CHANGED, 5),
    rewrite_and_rehash: (Kind.CHANGED, 4),
    rewrite_and_sign_by_another_key: (Kind.CHANGED, 4),
    garble_a_checkpoint: (Kind.RE_SIGNED, 4),
    act_as_a_replica: (Kind.CHANGED, 5),
    switch_the_guard_off: (Kind.CHANGED, 5),
}


def test_untouched_it_is_intact(first: int, outside: str):
    found = verify(keys().verifiers, [outside])

    assert (found.findings, found.entries, found.unsealed) == ((), first + PEOPLE, 0)
    assert verified(outside) == (0, "")


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_what_a_superuser_does_is_named_with_its_place(first: int, outside: str, tamper):
    kind, offset = TAMPERINGS[tamper]

    with superuser() as session:
        tamper(session, first + 5)

    code, said = verified(outside)
    assert (code, said.split(". ")[0]) == (1, f"Tampered at position {first + offset}: {kind}")


@pytest.mark.parametrize(
    ("tamper", "kind", "place"), [(truncate, "cut at the end", 0), (rewrite_the_tree, "changed", 256)]
)
def test_what_a_superuser_does_to_all_of_it_is_named_too(first: int, outside: str, tamper, kind: str, place: int):
    with superuser() as session:
        tamper(session, first + 5)

    code, said = verified(outside)
    assert (code, said.split(". ")[0]) == (1, f"Tampered at position {place}: {kind}")


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
        now = timezone.now()
        note = Checkpoint(origin(), size, StoredTree(size).root(), now).signed(*keys().signers)
        session.execute("UPDATE audit_auditcheckpoint SET note = %s, signed_at = %s WHERE size = %s", [note, now, size])
        session.execute(
            """UPDATE audit_auditcheckpoint c SET event = e.id, txid = e.txid::text::bigint
            FROM audit_auditleaf l JOIN audit_auditevent e ON e.id = l.event WHERE c.size = %s AND l.sequence = %s""",
            [size, size - 1],
        )

    assert verified() == (0, "")
    code, said = verified(outside)
    assert (code, said.split(". ")[0]) == (1, f"Tampered at position {first + 8}: rolled back")


_COPIED = """
    INSERT INTO audit_auditevent (id, "timestamp", txid, action, object_pk, changes, personal, additional_data,
    source, cid, reason, batch, db_user, application_name, content_type_id)
    OVERRIDING SYSTEM VALUE SELECT {} FROM audit_auditevent WHERE id = %(event)s"""
_REST = """action, object_pk, changes, personal, additional_data, source, cid, '', batch, db_user, application_name,
    content_type_id"""
_LAST = "UPDATE audit_auditcheckpoint SET {} WHERE id = (SELECT max(id) FROM audit_auditcheckpoint)"
_ROW = "UPDATE audit_auditevent SET {} WHERE id = %(event)s"
_TILE = "INSERT INTO audit_audittile (level, index, hashes) VALUES ({}, '\\x00')"
SQL: dict[str, tuple[str, Kind, int]] = {
    "a reason where there was none": (_ROW.format("reason = 'forged'"), Kind.CHANGED, 5),
    "an address where there was none": (_ROW.format("remote_addr = '10.0.0.1'"), Kind.CHANGED, 5),
    "no such kind": (_ROW.format("content_type_id = -1"), Kind.CHANGED, 5),
    "a kind that is gone": (
        "UPDATE django_content_type SET id = -1 WHERE app_label = 'sample' AND model = 'person'",
        Kind.CHANGED,
        0,
    ),
    "personal values as a list": (_ROW.format("personal = '[]'"), Kind.CHANGED, 5),
    "personal values as a number": (_ROW.format("personal = '5'"), Kind.CHANGED, 5),
    "a personal value without its salt": (_ROW.format("""personal = '{"name": [1]}'"""), Kind.CHANGED, 5),
    "a personal value without end": (
        _ROW.format("personal = ('{\"name\": [1, 2, ' || repeat('[', 3000) || repeat(']', 3000) || ']}')::jsonb"),
        Kind.CHANGED,
        5,
    ),
    "the number of another entry": (
        _COPIED.format(f"id, \"timestamp\" + interval '1 second', txid, {_REST}"),
        Kind.INSERTED,
        5,
    ),
    "the number of another entry in another month": (
        _COPIED.format(f"id, \"timestamp\" + interval '1 year', txid, {_REST}"),
        Kind.INSERTED,
        5,
    ),
    "a transaction of the future": (
        _COPIED.format(f"-1, \"timestamp\", '9223372036854775807'::xid8, {_REST}"),
        Kind.INSERTED,
        PEOPLE,
    ),
    "a leaf far away": (
        "UPDATE audit_auditleaf SET sequence = 1000000000000000 WHERE event = %(event)s",
        Kind.DELETED,
        5,
    ),
    "a tile over no leaves": (_TILE.format("0, 1000"), Kind.INSERTED, PEOPLE),
    "a tile of a level too high": (_TILE.format("9, 0"), Kind.INSERTED, PEOPLE),
    "a checkpoint of another size": (_LAST.format("size = size - 1"), Kind.CHANGED, PEOPLE - 1),
    "a checkpoint of another time": (_LAST.format("signed_at = '2001-01-01'"), Kind.CHANGED, PEOPLE),
    "a checkpoint over too much": (
        _LAST.format("note = replace(note, E'\n' || size || E'\n', E'\n' || repeat('9', 5000) || E'\n')"),
        Kind.RE_SIGNED,
        8,
    ),
    "the sealer put back": (_LAST.format("event = 1, txid = 1"), Kind.CHANGED, PEOPLE),
    "the sealer put forward": (_LAST.format("event = event + 1000"), Kind.CHANGED, PEOPLE),
    "an old checkpoint as the last": (
        """INSERT INTO audit_auditcheckpoint (size, signed_at, note, cluster, txid, event)
        SELECT size, signed_at, note, cluster, txid, event FROM audit_auditcheckpoint WHERE size = %(size)s - 4""",
        Kind.REORDERED,
        PEOPLE - 4,
    ),
}


def test_a_leaf_before_the_first_hides_no_entry(first: int):
    with superuser() as session:
        forge(session, first + 5)
        session.execute("""INSERT INTO audit_auditleaf SELECT -1, max(e.id), 'x', '', '', '' FROM audit_auditevent e""")

    assert verified()[1].startswith("Tampered at position 0: inserted.")


@pytest.mark.parametrize("name", SQL)
def test_what_a_superuser_types_is_named_with_its_place(first: int, name: str):
    typed, kind, offset = SQL[name]
    with superuser() as session:
        session.execute(typed, {"event": event_at(first + 5), "size": first + PEOPLE})

    code, said = verified()
    assert (code, said.split(". ")[0]) == (1, f"Tampered at position {first + offset}: {kind}")


LINES = {
    "no JSON": b'"a":14,',
    "a list": b'[{"a":14,"o":"x"}]',
    "a pruning of nothing": b'{"a":14,"o":"x"}',
    "a pruning of a number": b'{"a":14,"o":"x","i":{"gone":5}}',
    "a pruning of words": b'{"a":14,"o":"x","i":{"gone":[["a","b"],[1],7]}}',
    "a pruning of a list": b'{"a":14,"o":[1],"i":{"gone":[[0,1]]}}',
    "a place that is none": b'{"s":true,"d":{}}',
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_leaf_that_is_no_line_of_the_log_is_named(first: int, line: bytes):
    with superuser() as session:
        session.execute(
            "UPDATE audit_auditleaf SET line = %s, hash = %s WHERE sequence = %s",
            [line, merkle.leaf_hash(line), first + 5],
        )

    found = verify(keys().verifiers).findings

    assert (first + 5, Kind.CHANGED) in [(finding.position, finding.kind) for finding in found]


@pytest.mark.parametrize("details", ["{}", '{"erased": []}', '{"erased": {"x": ["a"], "5": 5, "6": [[1]]}}'])
def test_a_redaction_that_erases_nothing_hides_nothing(first: int, details: str):
    with superuser() as session:
        take_the_name_out(session, first + 5)
        session.execute(
            "UPDATE audit_auditevent SET action = 11, additional_data = %s WHERE id = %s",
            [details, event_at(first + 6)],
        )

    assert verified()[1].startswith(f"Tampered at position {first + 5}: changed.")


def test_checkpoints_of_another_key_are_not_ours(first: int):
    with superuser() as session:
        rewrite_and_sign_by_another_key(session, first + 5)

    code, said = verified()
    assert (code, said.split(". ")[0]) == (1, f"Tampered at position {first + 4}: re-signed")


def test_a_key_that_was_replaced_signs_nothing_that_was_signed_before(first: int, settings):
    settings.AUDIT_KEYS = Signer.generate("of the tests only").line()

    code, said = verified()

    assert (code, said.split(". ")[0]) == (1, "Tampered at position 0: re-signed")


def test_a_replaced_key_over_a_log_written_anew_is_known_by_what_somebody_kept(first: int, outside: str, settings):
    """Everything in the house fits: the entries, the hashes, the checkpoints and the key."""
    vkey, stranger = str(keys().signers[0].verifier), Signer.generate("of the tests only")
    with superuser() as session:
        rewrite_and_rehash(session, first + 5)
        re_signed(session, stranger, since=0)
    settings.AUDIT_KEYS = stranger.line()

    assert verified() == (0, "")
    code, said = verified(outside, vkeys=(vkey,))
    assert (code, said.split(". ")[0]) == (1, "Tampered at position 0: re-signed")


def test_an_older_checkpoint_holds_on_a_log_that_has_grown(first: int):
    for kept in AuditCheckpoint.objects.filter(size__gt=0):
        assert verified(kept.note) == (0, "")


@pytest.mark.parametrize(
    ("note", "sentence"),
    [("no checkpoint", "The trail could not be checked: This is no checkpoint:"), ("\udcff", "A checkpoint file")],
)
def test_what_is_no_checkpoint_is_not_compared(first: int, tmp_path: Path, note: str, sentence: str):
    kept = tmp_path / "kept"
    kept.write_bytes(note.encode(errors="surrogateescape"))

    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("audit", "verify", "--checkpoint", str(kept))

    assert refused.value.returncode == 2


def test_a_checkpoint_file_that_is_not_there_is_no_finding(first: int, tmp_path: Path):
    with pytest.raises(CommandError, match="A checkpoint file cannot be read: FileNotFoundError") as refused:
        call_command("audit", "verify", "--checkpoint", str(tmp_path / "none"))

    assert refused.value.returncode == 2


def test_without_a_key_nothing_can_be_told(first: int, settings):
    settings.AUDIT_KEYS = ""

    assert verified() == (
        2,
        (
            "The trail could not be checked: No key signs: `manage.py audit key NAME` makes one for AUDIT_KEYS or"
            " AUDIT_KEYS_FILE."
        ),
    )


def test_a_checkpoint_of_a_log_that_is_not_here_is_not_compared(first: int, outside: str):
    with superuser() as session:
        session.execute("TRUNCATE audit_auditevent, audit_auditleaf, audit_audittile, audit_auditcheckpoint")

    code, said = verified(outside)

    assert (code, said.split(":")[1]) == (2, " Nothing is sealed here, though a checkpoint is given")


def test_without_a_database_there_is_one_sentence():
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing", "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DATABASE_")}
    typed = [sys.executable, "manage.py", "audit", "verify"]

    done = subprocess.run(
        typed, cwd=configured.BASE_DIR, env=kept | nowhere, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stderr.startswith("CommandError: The trail could not be checked: the database did not answer"), (
        done.stderr
    )
    assert len(done.stderr.splitlines()) == 1
