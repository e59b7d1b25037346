"""A report that a stranger can verify: sealed entries, what proves them, and the program that checks it."""

import base64
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import orjson
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from apps.audit import leaves
from apps.audit.models import AuditCheckpoint, AuditLeaf
from apps.audit.notes import Verifier
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.tree import StoredTree
from apps.kernel.errors import BusinessError
from apps.kernel.trail import Action, record

VERIFY = Path(__file__).parent / "standalone" / "verify.py"
BLOCK = 1_000
CONSISTENCY_STEPS = 1_000
"""So many of the last checkpoints are proved to be the beginning of the one in the bundle."""

_ENTRIES = f"SELECT {leaves.COLUMNS} FROM audit_auditevent e WHERE e.id = ANY(%s)"  # noqa: S608


class NothingSealed(BusinessError):
    """Nothing is sealed yet, so nothing can be proved. Try again in a minute."""

    code = "nothing_sealed"


def write_bundle(
    target: IO[bytes], verifier: Verifier, entries: AuditEventQuerySet | None, filters: dict[str, str]
) -> int:
    """Write a zip over these entries, or over the whole log when there are none; returns how many are in it.

    The whole log carries the hash of every leaf, a choice carries the way of each entry to the root.
    """
    checkpoint = AuditCheckpoint.objects.order_by("-id").first()
    if checkpoint is None:
        raise NothingSealed
    record(Action.EXPORT, model="audit.auditevent", details={"form": "bundle", "filters": filters})
    chosen = AuditLeaf.objects.filter(sequence__lt=checkpoint.size).order_by("sequence")
    if entries is not None:
        chosen = chosen.filter(Exists(entries.order_by().filter(pk=OuterRef("event"))))
    tree = StoredTree(checkpoint.size)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("checkpoint", checkpoint.note)
        bundle.writestr("vkey", f"{verifier}\n")
        bundle.writestr("verify.py", VERIFY.read_bytes())
        count = _write(bundle, "entries.jsonl", (bytes(line) + b"\n" for line in _column(chosen, "line")))
        _write(bundle, "disclosures.jsonl", _disclosures(chosen))
        if entries is None:
            _write(bundle, "hashes", (bytes(found) for found in _column(chosen, "hash")))
        else:
            proofs = ((sequence, tree.inclusion(sequence)) for sequence in _column(chosen, "sequence"))
            _write(bundle, "proofs.jsonl", _paths(proofs))
            _write(bundle, "consistency.jsonl", _paths((size, tree.consistency(size)) for size in _earlier(checkpoint)))
    return count


def _write(bundle: zipfile.ZipFile, name: str, parts: Iterable[bytes]) -> int:
    count = 0
    with bundle.open(name, "w", force_zip64=True) as file:
        for part in parts:
            file.write(part)
            count += 1
    return count


def _column(chosen: QuerySet[AuditLeaf], name: str) -> Iterator[Any]:
    return chosen.values_list(name, flat=True).iterator(BLOCK)


def _paths(found: Iterable[tuple[int, list[bytes]]]) -> Iterator[bytes]:
    for place, path in found:
        yield orjson.dumps({"s": place, "h": [base64.b64encode(one).decode() for one in path]}) + b"\n"


def _earlier(checkpoint: AuditCheckpoint) -> list[int]:
    sizes = AuditCheckpoint.objects.filter(size__gt=0, size__lt=checkpoint.size).values_list("size", flat=True)
    return list(sizes.distinct().order_by("-size")[:CONSISTENCY_STEPS])


def _disclosures(chosen: QuerySet[AuditLeaf]) -> Iterator[bytes]:
    """What proves each personal value that is still there."""
    rows = chosen.values_list("sequence", "event", "reason_salt", "address_salt").iterator(BLOCK)
    for block in _blocks(rows):
        with connection.cursor() as cursor:
            cursor.execute(_ENTRIES, [[event for _sequence, event, *_salts in block]])
            found = {row[0]: leaves.Entry(*row) for row in cursor.fetchall()}
        for sequence, event, *salts in block:
            for _field, disclosure in leaves.disclosures(found[event], leaves.Salts(*salts)):
                yield orjson.dumps({"s": sequence, "v": disclosure}) + b"\n"


def _blocks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while block := list(islice(rows, BLOCK)):
        yield block
