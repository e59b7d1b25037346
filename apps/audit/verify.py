"""Rows against leaves, leaves against the tree, the tree against every checkpoint: what does not hold, and where first.

Nothing here trusts a function of the database: lines and hashes are made anew from the columns. Writers and the sealer
go on meanwhile.
"""

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import groupby
from multiprocessing import get_context
from typing import Any, NamedTuple

import orjson
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, connections

from apps.audit import leaves, merkle
from apps.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf
from apps.audit.notes import Checkpoint, Unreadable, Verifier
from apps.audit.seal import system_identifier
from apps.audit.tree import HEIGHT, WIDTH, tiles
from apps.kernel.errors import BusinessError
from apps.kernel.trail import Action

BLOCK = 8 * WIDTH
MOMENT = re.compile(rb'"t":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"')
PRUNED = b'"a":%d,' % Action.PRUNED
ENOUGH = 1_000
"""So many rows that are not what was sealed end the walk."""


class NothingToCompare(BusinessError):
    """Nothing is sealed here, though a checkpoint is given: this is another database, or all of it is gone."""

    code = "nothing_to_compare"


class Kind(StrEnum):
    """What was done to the log."""

    CHANGED = "changed"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    CUT = "cut at the end"
    ROLLED_BACK = "rolled back"
    RE_SIGNED = "re-signed"


@dataclass(frozen=True, order=True)
class Finding:
    """`position` is the first one, counted from 0, that is not what was sealed there."""

    position: int
    kind: Kind
    detail: str = field(compare=False)


@dataclass(frozen=True)
class Verdict:
    """`entries` is the length of the log; `unsealed` is how many entries wait for the sealer."""

    entries: int
    unsealed: int
    checkpoints: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class Promise:
    """A checkpoint that one of our keys signed; `kept` in this database, or brought from outside."""

    size: int
    root: bytes
    signed_at: datetime
    signer: Verifier
    kept: bool


class Leaf(NamedTuple):
    sequence: int
    event: int
    line: bytes
    hash: bytes
    reason_salt: str
    address_salt: str


class Block(NamedTuple):
    """Neighbours of the log: which hash stands where, and those at which a closer look is due, with their entries."""

    hashes: list[tuple[int, bytes]]
    doubtful: dict[int, tuple[Leaf, leaves.Entry | None]]
    tiles: dict[int, bytes]


_LEAVES = f"SELECT {', '.join(Leaf._fields)} FROM audit_auditleaf WHERE sequence >= %s ORDER BY sequence LIMIT %s"  # noqa: S608
# OFFSET 0 keeps the planner from turning the look-ups into a scan of all months: of a table that was never analysed it
# knows nothing. Rows whose time was changed are found by the second look, which asks every month.
_LOOKED_UP = f"LATERAL (SELECT {leaves.COLUMNS} FROM audit_auditevent e WHERE e.id = k.id"  # noqa: S608
_EVENTS = f"""SELECT e.* FROM unnest(%s::bigint[], %s::timestamptz[]) AS k (id, moment),
    {_LOOKED_UP} AND e."timestamp" = k.moment OFFSET 0) e"""  # noqa: S608
_EVENTS_OF_ANY_TIME = f"SELECT e.* FROM unnest(%s::bigint[]) AS k (id), {_LOOKED_UP} OFFSET 0) e"  # noqa: S608
_WITHOUT_LEAF = """
WITH place AS (SELECT txid::text::xid8, event FROM audit_auditcheckpoint WHERE cluster = %s ORDER BY id DESC LIMIT 1),
waiting AS MATERIALIZED (
    SELECT e.txid, e.id FROM audit_auditevent e WHERE NOT EXISTS (SELECT FROM audit_auditleaf l WHERE l.event = e.id)
),
inserted AS (
    SELECT w.txid, w.id FROM waiting w, place WHERE (w.txid, w.id) <= (place.txid, place.event)
    ORDER BY w.txid, w.id LIMIT 1
)
SELECT (SELECT count(*) FROM waiting), i.id, CASE WHEN i.id IS NOT NULL THEN coalesce((
    SELECT l.sequence + 1 FROM audit_auditevent s JOIN audit_auditleaf l ON l.event = s.id
    WHERE (s.txid, s.id) < (i.txid, i.id) ORDER BY s.txid DESC, s.id DESC LIMIT 1), 0) END
FROM (SELECT) AS always LEFT JOIN inserted i ON true
"""
_RETURNED = """
SELECT min(l.sequence) FROM audit_auditevent e JOIN audit_auditleaf l ON l.event = e.id WHERE l.line = ''
"""
# What no walk along the leaves meets. All of it stands or falls in one snapshot.
_STRAYS = """
WITH log AS (SELECT coalesce(max(sequence) + 1, 0) AS size FROM audit_auditleaf),
last AS (SELECT * FROM audit_auditcheckpoint ORDER BY id DESC LIMIT 1)
SELECT 0::bigint, 'inserted', 'A leaf stands before the first position.'
FROM (SELECT FROM audit_auditleaf WHERE sequence < 0 LIMIT 1) AS before
UNION ALL
SELECT coalesce(min(l.sequence), log.size), 'inserted', 'Two rows bear the number of one entry.'
FROM (SELECT id FROM audit_auditevent GROUP BY id HAVING count(*) > 1) AS twice
CROSS JOIN log LEFT JOIN audit_auditleaf l ON l.event = twice.id GROUP BY log.size
UNION ALL
SELECT log.size, 'inserted', 'An entry waits for the sealer that bears a transaction of the future.'
FROM log, last WHERE last.cluster = %(here)s AND EXISTS (
    SELECT FROM audit_auditevent e WHERE e.txid >= pg_snapshot_xmax(pg_current_snapshot())
        AND e.txid IS DISTINCT FROM pg_current_xact_id_if_assigned()
        AND NOT EXISTS (SELECT FROM audit_auditleaf l WHERE l.event = e.id))
UNION ALL
SELECT log.size, 'inserted', 'A tile of the tree stands over leaves that are not there.'
FROM log WHERE EXISTS (
    SELECT FROM audit_audittile t
    WHERE t.index < 0 OR (t.index + 1) * (%(width)s::numeric ^ (t.level + 1)) > log.size)
UNION ALL
SELECT least(c.size, c.before), 'reordered', 'The last checkpoint that was kept here is not the longest one.'
FROM (SELECT last.size, (SELECT max(size) FROM audit_auditcheckpoint) AS before FROM last) AS c WHERE c.size < c.before
UNION ALL
SELECT least(min(c.size), log.size), 'changed', 'The columns of a checkpoint do not say what its note says.'
FROM log, audit_auditcheckpoint c
WHERE (c.size::text, 'at ' || to_char(c.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
    <> (split_part(c.note, E'\n', 2), split_part(c.note, E'\n', 4))
GROUP BY log.size
UNION ALL
SELECT last.size, 'changed', 'The place from which the sealer goes on is not where the log ends.'
FROM last JOIN audit_auditleaf l ON l.sequence = last.size - 1 LEFT JOIN audit_auditevent e ON e.id = l.event
WHERE last.cluster = %(here)s AND (l.event <> last.event OR e.txid <> last.txid::text::xid8)
"""
# Every seal commits its leaves and its checkpoint together, so at any moment one ends where the other does.
_ENDS = """
SELECT coalesce((SELECT max(sequence) + 1 FROM audit_auditleaf), 0),
    (SELECT note FROM audit_auditcheckpoint ORDER BY id DESC LIMIT 1)
"""


def verify(
    verifiers: Sequence[Verifier],
    outside: Iterable[str] = (),
    told: Callable[[int], None] = lambda _size: None,
    *,
    processes: int = 1,
    using: str = DEFAULT_DB_ALIAS,
) -> Verdict:
    """Check the whole log. `outside` are notes kept elsewhere: only they show that all of it was replaced.

    `told` hears now and then how many leaves were looked at. Raises `Unreadable` when one of them is no checkpoint,
    and `NothingToCompare` when there is no log. `using` is a connection without a transaction, which would hold the
    trail against a new month until the end. More than one process is for a program of its own, that has no transaction:
    it is forked, and its connections are closed.
    """
    brought, strange = _opened(outside, verifiers, kept=False)
    notes = AuditCheckpoint.objects.using(using).order_by("size", "id").values_list("note", flat=True)
    kept, findings = _opened(notes.iterator(BLOCK), verifiers, kept=True)
    promises = sorted([*kept, *brought], key=lambda promise: promise.size)
    walk = Walk(promises, using)
    for size in walk.steps(processes):
        told(size)
    if brought and not kept and not walk.size:
        raise NothingToCompare
    unsealed, inserted = _without_leaf(using)
    findings += [
        *strange,
        *walk.findings(),
        *_end(walk.size, promises),
        *_beyond(verifiers, promises, using),
        *inserted,
        *_returned(using),
        *_strays(using),
    ]
    return Verdict(walk.size, unsealed, len(promises), tuple(sorted(set(findings))))


def _opened(notes: Iterable[str], verifiers: Sequence[Verifier], *, kept: bool) -> tuple[list[Promise], list[Finding]]:
    promises: list[Promise] = []
    findings = []
    for note in notes:
        good = promises[-1].size if promises else 0
        try:
            checkpoint, signer = Checkpoint.opened(note, *verifiers)
        except Unreadable:
            if not kept:
                raise
            findings.append(Finding(good, Kind.RE_SIGNED, "A checkpoint that was kept here is none any more."))
            continue
        if signer is None:
            said = f"The checkpoint over {checkpoint.size} entries bears no signature of a key that is trusted here."
            findings.append(Finding(min(good, checkpoint.size), Kind.RE_SIGNED, said))
        else:
            said_at = checkpoint.signed_at
            promises.append(
                Promise(size=checkpoint.size, root=checkpoint.root, signed_at=said_at, signer=signer, kept=kept)
            )
    return promises, findings


def _end(size: int, promises: Sequence[Promise]) -> list[Finding]:
    """A log that is shorter than a checkpoint says was cut; when none of its own says so, all of it is an older one."""
    longest = max((promise.size for promise in promises), default=0)
    if longest <= size:
        return []
    known_here = max((promise.size for promise in promises if promise.kept), default=0)
    kind = Kind.CUT if known_here > size else Kind.ROLLED_BACK
    return [Finding(size, kind, f"A checkpoint was signed over {longest} entries, and the log has {size}.")]


def _beyond(verifiers: Sequence[Verifier], promises: Sequence[Promise], using: str) -> list[Finding]:
    """Leaves over which nobody signed."""
    with connections[using].cursor() as cursor:
        cursor.execute(_ENDS)
        size, note = cursor.fetchone()
    last, _strange = _opened([note] if note else [], verifiers, kept=True)
    signed = max((promise.size for promise in [*promises, *last]), default=0)
    if size <= signed or (note and not last):
        return []
    return [Finding(signed, Kind.INSERTED, "No checkpoint stands over the entries from here on.")]


def _without_leaf(using: str) -> tuple[int, list[Finding]]:
    """How many entries have no leaf, and the first of them whose turn it had been."""
    with connections[using].cursor() as cursor:
        cursor.execute(_WITHOUT_LEAF, [system_identifier()])
        unsealed, event, position = cursor.fetchone()
    if event is None:
        return unsealed, []
    said = f"Entry {event} was not there when everything around it was sealed."
    return unsealed, [Finding(position, Kind.INSERTED, said)]


def _returned(using: str) -> list[Finding]:
    with connections[using].cursor() as cursor:
        cursor.execute(_RETURNED)
        (position,) = cursor.fetchone()
    return [] if position is None else [Finding(position, Kind.INSERTED, "An entry stands where one was pruned.")]


def _strays(using: str) -> list[Finding]:
    with connections[using].cursor() as cursor:
        cursor.execute(_STRAYS, {"here": system_identifier(), "width": WIDTH})
        return [Finding(position, Kind(kind), said) for position, kind, said in cursor.fetchall()]


def _erased(using: str) -> set[tuple[int, str]]:
    """Which personal values were erased, as their redactions say: (entry, field)."""
    redactions = AuditEvent.objects.using(using).filter(action=Action.REDACTED)
    return {
        (int(event), name)
        for erased in redactions.values_list("additional_data__erased", flat=True).iterator(BLOCK)
        if isinstance(erased, dict)
        for event, names in erased.items()
        if event.isdecimal() and isinstance(names, list)
        for name in names
        if isinstance(name, str)
    }


def _blocks(processes: int, using: str) -> Iterator[Block]:
    """In their order."""
    kinds = ContentType.objects.using(using).values_list("pk", "app_label", "model")
    labels = {pk: f"{app}.{model}" for pk, app, model in kinds}
    read, spans = partial(_block, labels=labels, using=using), _spans(using)
    return _read_ahead(read, spans, processes) if processes > 1 else map(read, spans)


def _length(using: str) -> int:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT coalesce(max(sequence) + 1, 0) FROM audit_auditleaf")
        return int(cursor.fetchone()[0])


def _spans(using: str) -> Iterator[range]:
    """What is sealed meanwhile follows."""
    start = 0
    while (end := _length(using)) > start:
        yield from (range(first, min(first + BLOCK, end)) for first in range(start, end, BLOCK))
        start = end


def _read_ahead(read: Callable[[range], Block], spans: Iterator[range], processes: int) -> Iterator[Block]:
    first = next(spans)
    connections.close_all()  # None survives a fork.
    with ProcessPoolExecutor(processes, get_context("fork"), _forget_connections) as readers:
        coming = deque([readers.submit(read, first)])
        for span in spans:
            coming.append(readers.submit(read, span))
            if len(coming) > 2 * processes:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _forget_connections() -> None:
    """What a forked process still finds is of another context of its parent, who goes on with it: it is not closed."""
    for alias in connections:
        with suppress(AttributeError):
            del connections[alias]


def _block(span: range, *, labels: Mapping[int, str], using: str) -> Block:
    """What is as it was sealed is not handed on, so that this can be done in many processes.

    Behind a gap the leaves are those that come next, wherever they stand.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(_LEAVES, [span.start, len(span)])
        rows = cursor.fetchall()
    standing = {event: line for _sequence, event, line, *_ in rows if line}
    entries = _entries(standing, using)
    missing = [sequence for sequence, event, line, *_ in rows if line and event not in entries]
    pruned = _pruned_meanwhile(missing, using)
    doubtful: dict[int, tuple[Leaf, leaves.Entry | None]] = {}
    for row in rows:
        leaf, found = Leaf(*row), entries.get(row[1])
        entry = leaves.Entry(*found) if found else None
        if leaf.sequence in pruned:
            leaf = leaf._replace(line=b"")
        if entry is None or not _is_as_sealed(leaf, entry, labels):
            doubtful[leaf.sequence] = leaf, entry
    stored = tiles(0, span.start // WIDTH, (span.stop - 1) // WIDTH, using=using)
    return Block([(row[0], row[3]) for row in rows], doubtful, dict(stored))


def _is_as_sealed(leaf: Leaf, entry: leaves.Entry, labels: Mapping[int, str]) -> bool:
    """What prunings say is listened to."""
    label = labels.get(entry.content_type)
    if label is None or entry.action == Action.PRUNED or merkle.leaf_hash(leaf.line) != leaf.hash:
        return False
    committed = leaves.digests(entry, leaves.Salts(leaf.reason_salt, leaf.address_salt))
    return leaves.line(entry, leaf.sequence, label, committed) == leaf.line


def _pruned_meanwhile(positions: Sequence[int], using: str) -> set[int]:
    """Those whose line went between the look at the leaf and the look at its entry."""
    without = AuditLeaf.objects.using(using).filter(line=b"", sequence__in=positions)
    return set(without.values_list("sequence", flat=True)) if positions else set()


def _entries(lines: Mapping[int, bytes], using: str) -> dict[int, tuple[Any, ...]]:
    """The rows of these entries, each of which has this line."""
    with connections[using].cursor() as cursor:
        cursor.execute(_EVENTS, [list(lines), [_moment(line) for line in lines.values()]])
        found = {row[0]: row for row in cursor.fetchall()}
        missing = [key for key in lines if key not in found]
        if missing:
            cursor.execute(_EVENTS_OF_ANY_TIME, [missing])
            found |= {row[0]: row for row in cursor.fetchall()}
    return found


def _moment(line: bytes) -> str | None:
    said = MOMENT.search(line)
    try:
        return said[1].decode() if said and datetime.fromisoformat(said[1].decode()) else None
    except ValueError:
        return None


def _said(line: bytes) -> dict[str, object]:
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _is_span(said: object) -> bool:
    match said:
        case [int(), int()]:
            return True
    return False


class Walk:
    """One way through the leaves, from the first to the last."""

    def __init__(self, promises: Sequence[Promise], using: str) -> None:
        self.size = 0
        self._using = using
        self._promises = {size: list(same) for size, same in groupby(promises, key=lambda promise: promise.size)}
        self._tree = merkle.Growing()
        self._kinds = leaves.Kinds()
        self._erased = _erased(using)
        self._found: list[Finding] = []
        self._held: list[Promise] = []
        self._broken: list[Promise] = []
        self._missing: list[int] = []
        self._present_after_missing = False
        self._gone: list[list[int]] = []
        self._pruned: dict[str, list[list[int]]] = {}
        self._moved: list[int] = []
        self._shift = 0
        self._rows: dict[bytes, int] = {}
        self._sealed: set[bytes] = set()
        self._hashes: dict[int, list[bytes]] = defaultdict(list)
        """Of each level of the tree, those that do not fill a tile yet."""

    def steps(self, processes: int) -> Iterator[int]:
        """Walk, and yield the number of leaves now and then."""
        self._keep_promises()
        pays_for_processes = max(self._promises, default=0) > processes * BLOCK
        for block in _blocks(processes if pays_for_processes else 1, self._using):
            if not self._follow(block):
                return
            yield self.size

    def _follow(self, block: Block) -> bool:
        """Whether it makes sense to go on."""
        for sequence, hashed in block.hashes:
            if sequence != self.size:
                gap = f"{sequence - self.size} leaves are missing from here on."
                self._found.append(Finding(self.size, Kind.DELETED, gap))
                self.size = sequence
                return False
            if sequence in block.doubtful:
                self._look(*block.doubtful[sequence])
            else:
                self._present_after_missing = bool(self._missing)
            self._count(hashed, block.tiles)
        return len(self._rows) + len(self._missing) + len(self._moved) <= ENOUGH

    def findings(self) -> list[Finding]:
        found = list(self._found)
        if self._missing:
            kind = Kind.DELETED if self._present_after_missing else Kind.CUT
            found.append(Finding(self._missing[0], kind, "What was sealed here is no longer in the trail."))
        unsaid = self._gone_and_not_pruned()
        if unsaid is not None:
            said = "What was sealed here is gone, and no sealed entry says that it was pruned."
            found.append(Finding(unsaid, Kind.DELETED, said))
        if self._moved:
            kind = Kind.REORDERED if not self._shift else Kind.INSERTED if self._shift < 0 else Kind.DELETED
            found.append(Finding(min(self._moved), kind, "From here on leaves say another position than they have."))
        for content, position in self._rows.items():
            if content in self._sealed:
                found.append(Finding(position, Kind.REORDERED, "The row holds what was sealed at another position."))
            else:
                found.append(Finding(position, Kind.CHANGED, "The row is not what was sealed."))
        exact = [finding.position for finding in found]
        for promise in self._broken:
            broken = self._why_broken(promise)
            if not any(broken.position <= place < promise.size for place in exact):
                found.append(broken)
        return found

    def _look(self, leaf: Leaf, entry: leaves.Entry | None) -> None:
        if not leaf.line:
            self._pass_over(leaf.sequence)
        elif merkle.leaf_hash(leaf.line) != leaf.hash:
            self._found.append(Finding(leaf.sequence, Kind.CHANGED, "The leaf is not what was hashed."))
        elif entry is None:
            self._missing.append(leaf.sequence)
            self._listen(leaf)
        else:
            self._listen(leaf)
            self._present_after_missing = bool(self._missing)
            committed = leaves.digests(entry, leaves.Salts(leaf.reason_salt, leaf.address_salt))
            if leaves.line(entry, leaf.sequence, self._kinds[entry.content_type], committed) != leaf.line:
                self._look_again(leaf, entry, committed)

    def _pass_over(self, position: int) -> None:
        """Nothing is left here but the hash. A pruning further on says so, or nobody does."""
        if self._gone and self._gone[-1][1] == position - 1:
            self._gone[-1][1] = position
        else:
            self._gone.append([position, position])

    def _listen(self, leaf: Leaf) -> None:
        """What a pruning says is gone: the first and the last position of each run, all of them before its own."""
        if PRUNED in leaf.line:
            match _said(leaf.line):
                case {"a": Action.PRUNED, "o": str(month), "i": {"gone": list(spans)}}:
                    self._pruned[month] = [span for span in spans if _is_span(span) and span[1] < leaf.sequence]

    def _gone_and_not_pruned(self) -> int | None:
        """The first such position. Of each month its last pruning counts, which names all that is gone of it."""
        if self.size < max(self._promises, default=0):
            return None
        spans = sorted(span for month in self._pruned.values() for span in month)
        place = 0
        for first, last in self._gone:
            unsaid = first
            while unsaid <= last:
                while place < len(spans) and spans[place][1] < unsaid:
                    place += 1
                if place == len(spans) or spans[place][0] > unsaid:
                    return unsaid
                unsaid = spans[place][1] + 1
        return None

    def _look_again(self, leaf: Leaf, entry: leaves.Entry, committed: leaves.Digests) -> None:
        said = _said(leaf.line)
        position, sealed = said.get("s"), said.get("d")
        if type(position) is not int or not isinstance(sealed, dict):
            self._found.append(Finding(leaf.sequence, Kind.CHANGED, "The leaf is no line of the log."))
            return
        if position != leaf.sequence:
            self._moved.append(min(position, leaf.sequence))
            self._shift += position - leaf.sequence
        withheld = {name: digest for name, digest in sealed.items() if name not in committed}
        known = {name: (withheld | committed)[name] for name in sealed}
        kind = self._kinds[entry.content_type]
        is_same = known.keys() >= committed.keys() and leaves.line(entry, position, kind, known) == leaf.line
        if not is_same or not self._were_erased(leaf.event, withheld):
            self._rows[_content(leaves.line(entry, position, kind, committed))] = leaf.sequence
            self._sealed.add(_content(leaf.line))

    def _were_erased(self, event: int, fields: Iterable[str]) -> bool:
        wanted = {(event, name) for name in fields}
        if not wanted <= self._erased:
            self._erased = _erased(self._using)
        return wanted <= self._erased

    def _count(self, hashed: bytes, stored: dict[int, bytes]) -> None:
        completed = self._tree.add(hashed)
        self.size += 1
        self._hashes[0].append(hashed)
        if len(completed) > HEIGHT:
            self._compare(0, stored)
            for level, above in enumerate(completed[HEIGHT::HEIGHT], start=1):
                self._hashes[level].append(above)
                if len(self._hashes[level]) == WIDTH:
                    index = self.size // WIDTH ** (level + 1) - 1
                    self._compare(level, dict(tiles(level, index, index, using=self._using)))
        if self.size in self._promises:
            self._keep_promises()

    def _compare(self, level: int, stored: dict[int, bytes]) -> None:
        """A tile that is full now, of which later roots are made."""
        covered = WIDTH ** (level + 1)
        index = self.size // covered - 1
        if stored.get(index) != b"".join(self._hashes.pop(level)):
            said = "The hashes of the tree are not those of its leaves."
            self._found.append(Finding(index * covered, Kind.CHANGED, said))

    def _keep_promises(self) -> None:
        for promise in self._promises.get(self.size, ()):
            if promise.root == self._tree.root():
                self._held.append(promise)
            else:
                self._broken.append(promise)

    def _why_broken(self, promise: Promise) -> Finding:
        """What was signed later, or by another key, does not show where two logs parted."""
        same = [held for held in self._held if held.signer == promise.signer]
        before = (held.size for held in same if held.size < promise.size and held.signed_at <= promise.signed_at)
        good = max(before, default=0)
        instead = [held for held in self._held if held.kept and held.size >= promise.size]
        if not promise.kept and instead and instead[-1].signer != promise.signer:
            said = f"Another log of {promise.size} entries was signed before, by the key of the checkpoint given."
            return Finding(good, Kind.RE_SIGNED, said)
        if not promise.kept and instead:
            said = f"Another log of {promise.size} entries was signed before: this one went on from an older state."
            return Finding(good, Kind.ROLLED_BACK, said)
        said = f"Somewhere from here up to {promise.size} entries and hashes were written anew."
        return Finding(good, Kind.CHANGED, said)


def _content(line: bytes) -> bytes:
    """What a line says, wherever it stands."""
    return orjson.dumps({key: value for key, value in _said(line).items() if key not in {"s", "e", "x"}})
