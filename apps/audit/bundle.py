"""A report that a stranger can verify: sealed entries, what proves them, and the program that checks it."""

import base64
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import orjson
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import leaves
from apps.audit.document import About, TooMuchForPaper, write_html, write_pdf
from apps.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf
from apps.audit.notes import Verifier
from apps.audit.progress import Progress, silent
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.tree import StoredTree
from apps.kernel.errors import BusinessError
from apps.kernel.trail import Action, current, record

VERIFY = Path(__file__).parent / "standalone" / "verify.py"
BLOCK = 1_000
STEP = 100
MEBIBYTE = 1 << 20
IN_MEMORY = 8 * MEBIBYTE
CONSISTENCY_STEPS = 1_000
"""So many of the last checkpoints are proved to be the beginning of the one in the bundle."""

_ENTRIES = f"SELECT {leaves.COLUMNS} FROM audit_auditevent e WHERE e.id = ANY(%s)"  # noqa: S608


class NothingSealed(BusinessError):
    """Nothing is sealed yet, so nothing can be proved. Try again in a minute."""

    code = "nothing_sealed"


def write_bundle(
    target: IO[bytes],
    verifier: Verifier,
    entries: AuditEventQuerySet | None,
    filters: Mapping[str, str],
    about: About | None = None,
    progress: Progress = silent,
) -> int:
    """Write a zip over these entries, or over the whole log when there are none; returns how many are in it.

    The whole log carries the hash of every leaf, a choice carries the way of each entry to the root. The pages are a
    rendering for people. Their digests are in the entry that says that somebody took the bundle, and so under the seal.
    """
    checkpoint = AuditCheckpoint.objects.order_by("-id").first()
    if checkpoint is None:
        raise NothingSealed
    chosen = AuditLeaf.objects.filter(sequence__lt=checkpoint.size).order_by("sequence")
    if entries is not None:
        chosen = chosen.filter(Exists(entries.order_by().filter(pk=OuterRef("event"))))
    with ExitStack() as stack:
        pages = _pages(stack, chosen, about or _about(filters), checkpoint, progress)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            bundle = Bundle(archive, progress)
            for name, page in pages.items():
                bundle.write(name, _blocks_of(page))
            digests = dict(bundle.digests)
            count = _evidence(bundle, verifier, checkpoint, chosen, is_whole=entries is None)
    record(Action.EXPORT, model="audit.auditevent", details={"form": "bundle", "filters": filters, "pages": digests})
    return count


def _blocks_of(page: IO[bytes]) -> Iterator[bytes]:
    page.seek(0)
    return iter(partial(page.read, MEBIBYTE), b"")


def _pages(
    stack: ExitStack, chosen: QuerySet[AuditLeaf], about: About, checkpoint: AuditCheckpoint, progress: Progress
) -> dict[str, IO[bytes]]:
    """The same entries in words. What is too much for paper is in the page alone."""
    told = AuditEvent.objects.filter(Exists(chosen.order_by().filter(event=OuterRef("pk"))))
    pages: dict[str, IO[bytes]] = {}
    for name, write in (("report.html", write_html), ("report.pdf", write_pdf)):
        page = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        stack.callback(page.close)
        with suppress(TooMuchForPaper):
            write(page, told, about, checkpoint, progress)
            pages[name] = page
    return pages


def _about(filters: Mapping[str, str]) -> About:
    """For a bundle that nobody gave a name."""
    context = current()
    said = context.payload() if context else {}
    user = User.objects.filter(pk=said["actor"]).first() if "actor" in said else None
    return About(
        title=_("Audit trail"),
        since=None,
        until=None,
        scope=tuple(filters.items()),
        asked_by=user.name or user.email if user else said.get("source", _("somebody who was not named")),
        made_at=timezone.now(),
    )


def _evidence(
    bundle: "Bundle", verifier: Verifier, checkpoint: AuditCheckpoint, chosen: QuerySet[AuditLeaf], *, is_whole: bool
) -> int:
    standing = chosen.exclude(line=b"")
    total = standing.count()
    tree = StoredTree(checkpoint.size)
    bundle.write("checkpoint", [checkpoint.note.encode()])
    bundle.write("vkey", [f"{verifier}\n".encode()])
    bundle.write("verify.py", [VERIFY.read_bytes()])
    count = bundle.write("entries.jsonl", (bytes(line) + b"\n" for line in _column(standing, "line")), total)
    bundle.write("disclosures.jsonl", _disclosures(standing))
    if is_whole:
        bundle.write("hashes", (bytes(found) for found in _column(chosen, "hash")), checkpoint.size)
    else:
        proofs = ((sequence, tree.inclusion(sequence)) for sequence in _column(standing, "sequence"))
        bundle.write("proofs.jsonl", _paths(proofs), total)
        bundle.write("consistency.jsonl", _paths((size, tree.consistency(size)) for size in _earlier(checkpoint)))
    bundle.write("manifest-sha256.txt", [f"{sum_}  {name}\n".encode() for name, sum_ in bundle.digests.items()])
    return count


class Bundle:
    """A zip that knows the digest of each file in it, and says which one it writes."""

    def __init__(self, archive: zipfile.ZipFile, progress: Progress) -> None:
        self.archive = archive
        self.progress = progress
        self.digests: dict[str, str] = {}

    def write(self, name: str, parts: Iterable[bytes], total: int | None = None) -> int:
        count, digest = 0, sha256()
        step = _("writing %s") % name
        self.progress(0, total, step)
        with self.archive.open(name, "w", force_zip64=True) as file:
            for part in parts:
                file.write(part)
                digest.update(part)
                count += 1
                if count % STEP == 0:
                    self.progress(count, total, step)
        self.digests[name] = digest.hexdigest()
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
        # What was pruned since the block was read has nothing left to show.
        for sequence, event, *salts in (row for row in block if row[1] in found):
            for _field, disclosure in leaves.disclosures(found[event], leaves.Salts(*salts)):
                yield orjson.dumps({"s": sequence, "v": disclosure.decode()}) + b"\n"


def _blocks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while block := list(islice(rows, BLOCK)):
        yield block
