"""The sealer: entries whose transaction can no longer change become leaves of the log, one writer at a time.

An entry is due when its transaction is older than the oldest one that runs in this database. Reading by number would
leave a hole for ever, because a number is drawn before its transaction commits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction

from apps.audit import leaves, merkle
from apps.audit.keys import Keys
from apps.audit.models import AuditCheckpoint, AuditTile
from apps.audit.notes import Checkpoint
from apps.audit.tree import StoredTree, full_tiles

LOCK = 7_301_216
CHUNK = 5_000

_UNSEALED = f"""
SELECT {leaves.COLUMNS} FROM audit_auditevent e
WHERE NOT EXISTS (SELECT FROM audit_auditleaf l WHERE l.event = e.id)
    AND {{due}}
ORDER BY e.txid, e.id LIMIT %(limit)s
"""  # noqa: S608
DUE = _UNSEALED.format(due="(e.txid, e.id) > (%(txid)s::text::xid8, %(event)s) AND e.txid < %(horizon)s::text::xid8")
LEFT_BY_FORMER_CLUSTER = _UNSEALED.format(due="e.txid >= pg_snapshot_xmax(pg_current_snapshot())")

# A transaction of another database of this cluster cannot write here. One that is not known to be elsewhere counts.
HORIZON = """
WITH now AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot)
SELECT coalesce(
    (SELECT min(running) FROM pg_snapshot_xip(snapshot) AS running WHERE NOT EXISTS (
        SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock'
            AND l.transactionid = running::xid AND a.datname <> current_database())),
    pg_snapshot_xmax(snapshot))::text
FROM now
"""

# Along the index and no further: sorting what waits would read all of a long backlog for each part of it.
IN_ORDER = "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off"


class Place(NamedTuple):
    """How far the log has come: its size, and the last sealed entry in the order of (txid, id) of one cluster."""

    size: int
    cluster: str
    txid: int
    event: int


@transaction.atomic
def seal(keys: Keys, *, now: datetime, limit: int = CHUNK) -> int | None:
    """Seal at most `limit` entries that are due and sign a checkpoint. `None`: somebody else is sealing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(IN_ORDER)
    place = _place()
    entries, place = _due(place, limit)
    if entries:
        before, hashes = StoredTree(place.size), _write(entries, place.size)
        AuditTile.objects.bulk_create(full_tiles(place.size, hashes, before))
        tree = merkle.Growing(place.size, before.complete)
        for hashed in hashes:
            tree.add(hashed)
        _sign(keys, place._replace(size=tree.size), tree.root(), now=now)
    return len(entries)


def sign_idle(keys: Keys, *, now: datetime) -> None:
    """A checkpoint although nothing was added: silence can be proved, too."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        place = _place()
        _sign(keys, place, StoredTree(place.size).root(), now=now)


def _place() -> Place:
    last = AuditCheckpoint.objects.order_by("-id").values_list("size", "cluster", "txid", "event").first()
    return Place(*last) if last else Place(0, system_identifier(), 0, 0)


def system_identifier() -> str:
    """Which cluster this is. Transaction numbers start anew in another one, where a dump may have been restored."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
        return str(cursor.fetchone()[0])


def _due(place: Place, limit: int) -> tuple[list[leaves.Entry], Place]:
    """What is due, and the place after it. What a former cluster left unsealed comes before anything of this one."""
    here = system_identifier()
    with connection.cursor() as cursor:
        cursor.execute(HORIZON)
        horizon = int(cursor.fetchone()[0])
    if place.cluster != here:
        left = _entries(LEFT_BY_FORMER_CLUSTER, limit=limit)
        if left:
            return left, place
        place = Place(place.size, here, 0, 0)
    entries = _entries(DUE, limit=limit, txid=place.txid, event=place.event, horizon=horizon)
    return entries, place._replace(txid=int(entries[-1].txid), event=entries[-1].id) if entries else place


def _entries(query: str, **values: int) -> list[leaves.Entry]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [leaves.Entry(*row) for row in cursor]


def _write(entries: Sequence[leaves.Entry], size: int) -> list[bytes]:
    """Returns the hashes. Each line is made while the database takes in the one before."""
    kinds = leaves.Kinds()
    labels = {kind: kinds[kind] for kind in {entry.content_type for entry in entries}}
    hashes = []
    into = "COPY audit_auditleaf (sequence, event, line, hash, reason_salt, address_salt) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.set_types(["int8", "int8", "bytea", "bytea", "varchar", "varchar"])
        for sequence, entry in enumerate(entries, start=size):
            salts = leaves.new_salts(entry)
            line = leaves.line(entry, sequence, labels[entry.content_type], leaves.digests(entry, salts))
            hashes.append(merkle.leaf_hash(line))
            copy.write_row((sequence, entry.id, line, hashes[-1], *salts))
    return hashes


def origin() -> str:
    """The name of this log in its checkpoints."""
    return f"{urlsplit(settings.BASE_URL).netloc}/audit"


def _sign(keys: Keys, place: Place, root: bytes, *, now: datetime) -> None:
    said = Checkpoint(origin(), place.size, root, now)
    AuditCheckpoint.objects.create(signed_at=now, note=said.signed(*keys.signers), **place._asdict())
