"""Rows against leaves, leaves against the tree, the tree against every checkpoint: what does not hold, and where first.

Nothing here trusts a function of the database: lines and hashes are made anew from the columns. Writers and the sealer
go on meanwhile.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

import orjson
from django.db import connection

from apps.audit import leaves, merkle
from apps.audit.models import AuditCheckpoint, AuditEvent, AuditTile
from apps.audit.notes import Checkpoint, Verifier
from apps.audit.seal import system_identifier
from apps.audit.tree import WIDTH
from apps.kernel.trail import Action

BLOCK = 2_000
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
ENOUGH = 1_000
"""So many rows that are not what was sealed end the walk."""


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
    kept: bool


class Leaf(NamedTuple):
    sequence: int
    event: int
    line: bytes
    hash: bytes
    reason_salt: str
    address_salt: str


_LEAVES = f"SELECT {', '.join(Leaf._fields)} FROM audit_auditleaf WHERE sequence >= %s ORDER BY sequence LIMIT %s"  # noqa: S608
_EVENTS = f"SELECT {leaves.COLUMNS} FROM audit_auditevent e WHERE e.id = ANY(%s)"  # noqa: S608
# Without the time every month would be searched. Rows whose time was changed are found by the second look, without it.
_PERIOD = ' AND e."timestamp" BETWEEN %s::timestamptz AND %s::timestamptz'
_INSERTED = """
WITH place AS (SELECT txid, event FROM audit_auditcheckpoint WHERE cluster = %s ORDER BY id DESC LIMIT 1)
SELECT e.id, (SELECT count(*) FROM audit_auditevent s JOIN audit_auditleaf l ON l.event = s.id
    WHERE (s.txid, s.id) < (e.txid, e.id))
FROM audit_auditevent e, place
WHERE NOT EXISTS (SELECT FROM audit_auditleaf l WHERE l.event = e.id)
    AND (e.txid, e.id) <= (place.txid::text::xid8, place.event)
ORDER BY e.txid, e.id LIMIT 1
"""
_UNSEALED = """
SELECT count(*) FROM audit_auditevent e WHERE NOT EXISTS (SELECT FROM audit_auditleaf l WHERE l.event = e.id)
"""


def verify(
    verifiers: Sequence[Verifier], outside: Iterable[str] = (), told: Callable[[int], None] = lambda _size: None
) -> Verdict:
    """Check the whole log. `outside` are notes kept elsewhere: only they show that all of it was replaced.

    `told` hears now and then how many leaves were looked at. Raises `Unreadable` when a note is no checkpoint.
    """
    notes = AuditCheckpoint.objects.order_by("size", "id").values_list("note", flat=True)
    kept, findings = _opened(notes.iterator(BLOCK), verifiers, kept=True)
    brought, strange = _opened(outside, verifiers, kept=False)
    promises = sorted([*kept, *brought], key=lambda promise: promise.size)
    walk = Walk(promises)
    for size in walk.steps():
        told(size)
    findings += [*strange, *walk.findings(), *_end(walk.size, promises), *_inserted()]
    return Verdict(walk.size, _unsealed(), len(promises), tuple(sorted(set(findings))))


def _opened(notes: Iterable[str], verifiers: Sequence[Verifier], *, kept: bool) -> tuple[list[Promise], list[Finding]]:
    promises: list[Promise] = []
    findings = []
    for note in notes:
        checkpoint, signer = Checkpoint.opened(note, *verifiers)
        if signer is None:
            good = promises[-1].size if promises else 0
            said = f"The checkpoint over {checkpoint.size} entries bears no signature of a key that is trusted here."
            findings.append(Finding(min(good, checkpoint.size), Kind.RE_SIGNED, said))
        else:
            promises.append(Promise(size=checkpoint.size, root=checkpoint.root, kept=kept))
    return promises, findings


def _end(size: int, promises: Sequence[Promise]) -> list[Finding]:
    """A log that is shorter than a checkpoint says was cut; when none of its own says so, all of it is an older one."""
    longest = max((promise.size for promise in promises), default=0)
    if longest <= size:
        return []
    known_here = max((promise.size for promise in promises if promise.kept), default=0)
    kind = Kind.CUT if known_here > size else Kind.ROLLED_BACK
    return [Finding(size, kind, f"A checkpoint was signed over {longest} entries, and the log has {size}.")]


def _inserted() -> list[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(_INSERTED, [system_identifier()])
        found = cursor.fetchone()
    if found is None:
        return []
    event, position = found
    return [Finding(position, Kind.INSERTED, f"Entry {event} was not there when everything around it was sealed.")]


def _unsealed() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_UNSEALED)
        return int(cursor.fetchone()[0])


def _erased() -> set[tuple[int, str]]:
    """Which personal values were erased, as their redactions say: (entry, field)."""
    redactions = AuditEvent.objects.filter(action=Action.REDACTED).values_list("additional_data__erased", flat=True)
    return {
        (int(event), name) for erased in redactions.iterator(BLOCK) for event, names in erased.items() for name in names
    }


def _blocks() -> Iterator[list[tuple[Leaf, leaves.Entry | None]]]:
    position = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_LEAVES, [position, BLOCK])
            block = [
                Leaf(sequence, event, bytes(line), bytes(hashed), *salts)
                for sequence, event, line, hashed, *salts in cursor.fetchall()
            ]
        if not block:
            return
        entries = _entries(block)
        yield [(leaf, entries.get(leaf.event)) for leaf in block]
        position = block[-1].sequence + 1


def _entries(block: Sequence[Leaf]) -> dict[int, leaves.Entry]:
    keys = [leaf.event for leaf in block]
    moments = sorted(str(_said(leaf.line).get("t", "")) for leaf in (block[0], block[-1]))
    with connection.cursor() as cursor:
        found: dict[int, leaves.Entry] = {}
        if all(MOMENT.fullmatch(moment) for moment in moments):
            cursor.execute(_EVENTS + _PERIOD, [keys, *moments])
            found = {row[0]: leaves.Entry(*row) for row in cursor.fetchall()}
        missing = [key for key in keys if key not in found]
        if missing:
            cursor.execute(_EVENTS, [missing])
            found |= {row[0]: leaves.Entry(*row) for row in cursor.fetchall()}
    return found


def _said(line: bytes) -> dict[str, object]:
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


class Walk:
    """One way through the leaves, from the first to the last."""

    def __init__(self, promises: Sequence[Promise]) -> None:
        self.size = 0
        self._promises = {size: list(same) for size, same in groupby(promises, key=lambda promise: promise.size)}
        self._tree = merkle.Growing()
        self._kinds = leaves.Kinds()
        self._erased = _erased()
        self._found: list[Finding] = []
        self._good = 0
        self._broken: list[tuple[int, Finding]] = []
        self._missing: list[int] = []
        self._present_after_missing = False
        self._moved: list[int] = []
        self._shift = 0
        self._rows: dict[bytes, int] = {}
        self._sealed: set[bytes] = set()
        self._hashes: list[bytes] = []

    def steps(self) -> Iterator[int]:
        """Walk, and yield the number of leaves now and then."""
        self._keep_promises()
        for block in _blocks():
            for leaf, entry in block:
                if leaf.sequence != self.size:
                    gap = f"{leaf.sequence - self.size} leaves are missing from here on."
                    self._found.append(Finding(self.size, Kind.DELETED, gap))
                    self.size = leaf.sequence
                    return
                self._look(leaf, entry)
                self._count(leaf.hash)
            if len(self._rows) + len(self._missing) + len(self._moved) > ENOUGH:
                return
            yield self.size

    def findings(self) -> list[Finding]:
        found = list(self._found)
        if self._missing:
            kind = Kind.DELETED if self._present_after_missing else Kind.CUT
            found.append(Finding(self._missing[0], kind, "What was sealed here is no longer in the trail."))
        if self._moved:
            kind = Kind.REORDERED if not self._shift else Kind.INSERTED if self._shift < 0 else Kind.DELETED
            found.append(Finding(min(self._moved), kind, "From here on leaves say another position than they have."))
        for content, position in self._rows.items():
            if content in self._sealed:
                found.append(Finding(position, Kind.REORDERED, "The row holds what was sealed at another position."))
            else:
                found.append(Finding(position, Kind.CHANGED, "The row is not what was sealed."))
        exact = [finding.position for finding in found]
        unexplained = (
            broken for size, broken in self._broken if not any(broken.position <= place < size for place in exact)
        )
        return [*found, *unexplained]

    def _look(self, leaf: Leaf, entry: leaves.Entry | None) -> None:
        if merkle.leaf_hash(leaf.line) != leaf.hash:
            self._found.append(Finding(leaf.sequence, Kind.CHANGED, "The leaf is not what was hashed."))
        elif entry is None:
            self._missing.append(leaf.sequence)
        else:
            self._present_after_missing = bool(self._missing)
            salts = leaves.Salts(leaf.reason_salt, leaf.address_salt)
            committed = leaves.digests(entry, salts)
            if leaves.line(entry, leaf.sequence, self._kinds[entry.content_type], committed) != leaf.line:
                self._look_again(leaf, entry, committed)

    def _look_again(self, leaf: Leaf, entry: leaves.Entry, committed: leaves.Digests) -> None:
        said = _said(leaf.line)
        position, sealed = said.get("s"), said.get("d")
        if not isinstance(position, int) or not isinstance(sealed, dict):
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
            self._erased = _erased()
        return wanted <= self._erased

    def _count(self, hashed: bytes) -> None:
        self._tree.add(hashed)
        self._hashes.append(hashed)
        self.size += 1
        if len(self._hashes) == WIDTH:
            self._compare_tile()
        self._keep_promises()

    def _compare_tile(self) -> None:
        index = self.size // WIDTH - 1
        stored = AuditTile.objects.filter(level=0, index=index).values_list("hashes", flat=True).first()
        if stored is None or bytes(stored) != b"".join(self._hashes):
            said = "The hashes of the tree are not those of its leaves."
            self._found.append(Finding(index * WIDTH, Kind.CHANGED, said))
        self._hashes = []

    def _keep_promises(self) -> None:
        promises = self._promises.get(self.size, ())
        broken = [promise for promise in promises if promise.root != self._tree.root()]
        self._broken += [(self.size, self._why_broken(promise)) for promise in broken]
        if promises and not broken:
            self._good = self.size

    def _why_broken(self, promise: Promise) -> Finding:
        root = self._tree.root()
        if not promise.kept and any(other.kept and other.root == root for other in self._promises[self.size]):
            said = f"Another log of {self.size} entries was signed before: this one went on from an older state."
            return Finding(self._good, Kind.ROLLED_BACK, said)
        said = f"Somewhere from here up to {self.size} entries and hashes were written anew."
        return Finding(self._good, Kind.CHANGED, said)


def _content(line: bytes) -> bytes:
    """What a line says, wherever it stands."""
    return orjson.dumps({key: value for key, value in _said(line).items() if key not in {"s", "e", "x"}})
