"""An import by people without a shell: upload, check, confirm, undo."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.db import transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from apps.access.models import Unit
from apps.accounts.models import User
from apps.events.models import Work
from apps.events.work import enqueue
from apps.integrations.imports.profile import NoSuchProfile, Profile, load_profile, shipped_profiles
from apps.integrations.imports.run import ImportNotPermitted, check_permitted, finish, run_import
from apps.integrations.imports.uploads import unpack
from apps.integrations.models import ImportBatch, ImportedRow, ImportFile
from apps.kernel.errors import BusinessError

FILES_WAIT = timedelta(days=7)
UNDO_WITHIN = timedelta(days=90)
State = ImportBatch.State


class NotReady(BusinessError):
    """This import is not in the state for this step. Check it first, and wait until the check has ended."""

    code = "import_not_ready"


class HasBadRows(BusinessError):
    """The check found bad rows. Correct the files, or say that the good rows shall be written without them."""

    code = "import_has_bad_rows"


def shipped(name: str) -> Profile:
    """A profile by its name; a path is for the shell alone."""
    if name not in shipped_profiles():
        raise NoSuchProfile(f"There is no profile {name}. Shipped: {', '.join(shipped_profiles())}.")
    return load_profile(name)


@transaction.atomic
def open_import(*, profile: str, unit: Unit, files: Sequence["File[Any]"], user: User) -> ImportBatch:
    """Take the files in. Nothing is read from them before the check."""
    chosen = shipped(profile)
    check_permitted(user, chosen, unit)
    batch = ImportBatch.objects.create(profile=profile, unit=unit, requested_by=user)
    for name, content in unpack(chosen, files):
        stored = ContentFile(content, name=f"{uuid7()}.csv")
        ImportFile.objects.create(unit=unit, batch=batch, name=name, content=stored, size=len(content))
    return batch


@transaction.atomic
def check_import(batch: ImportBatch) -> ImportBatch:
    """Ask for a dry run in the background."""
    return _ask(batch, "integrations.check", {State.UPLOADED, State.CHECKED, State.REFUSED}, State.CHECKING)


@transaction.atomic
def confirm_import(batch: ImportBatch, *, skip_bad: bool = False) -> ImportBatch:
    """Ask for the import in the background, after a check that found nothing bad or with the bad rows left out."""
    batch = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if batch.state == State.CHECKED and batch.bad_count and not skip_bad:
        raise HasBadRows(bad=batch.bad_count)
    batch.skip_bad = skip_bad
    batch.save(update_fields=["skip_bad", "updated_at"])
    return _ask(batch, "integrations.import", {State.CHECKED}, State.IMPORTING)


def has_stopped(batch: ImportBatch) -> bool:
    """Whether its job was cancelled or failed for good. Nothing is left of it: it begins again with a check."""
    is_under_way = batch.state in {State.CHECKING, State.IMPORTING}
    runs = batch.work is not None and Work.objects.unfinished().filter(pk=batch.work).exists()
    return is_under_way and not runs


def _ask(batch: ImportBatch, job: str, states: set[str], state: str) -> ImportBatch:
    batch = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    may_begin = batch.state in states or (State.UPLOADED in states and has_stopped(batch))
    if not may_begin or not batch.files.exists():
        raise NotReady(state=batch.state)
    work = enqueue(job, unit=batch.unit_id, batch=str(batch.pk))
    batch.state, batch.work = state, work.pk
    batch.save(update_fields=["state", "work", "updated_at"])
    return batch


def run(key: UUID | str, *, dry_run: bool, progress: Callable[[int, int], None]) -> dict[str, int]:
    """The work of a check or an import. A refusal stands on the batch, where its owner reads it."""
    batch = ImportBatch.objects.select_for_update(of=("self",)).select_related("unit", "requested_by").get(pk=key)
    if batch.state != (State.CHECKING if dry_run else State.IMPORTING):
        return {}
    try:
        return _run(batch, dry_run=dry_run, progress=progress)
    except BusinessError as refusal:
        batch.state = State.REFUSED
        batch.report = {"error": refusal.code, "detail": str(refusal)}
        batch.finished_at = timezone.now()
        batch.save()
        return {}


def _run(batch: ImportBatch, *, dry_run: bool, progress: Callable[[int, int], None]) -> dict[str, int]:
    if batch.requested_by is None:
        raise ImportNotPermitted
    with TemporaryDirectory(prefix="import-") as folder:
        for file in batch.files.all():
            with file.content.open("rb") as stored:
                (Path(folder) / file.name).write_bytes(stored.read())
        report = run_import(
            shipped(batch.profile),
            Path(folder),
            user=batch.requested_by,
            dry_run=dry_run,
            skip_bad=batch.skip_bad,
            progress=progress,
            batch=batch,
        )
    if not report.written:
        finish(batch, report)
    if dry_run:
        batch.state = State.CHECKED if not report.fatal else State.REFUSED
        batch.finished_at = None
        batch.save(update_fields=["state", "finished_at", "updated_at"])
    else:
        _forget(batch)
    return {"created": report.created, "changed": report.changed, "bad": len(report.bad_rows)}


def _forget(batch: ImportBatch) -> None:
    """The files go when the transaction has come to its end, so a crash leaves them to the next attempt."""
    for file in batch.files.all():
        transaction.on_commit(partial(file.content.storage.delete, str(file.content.name)))
    batch.files.all().delete()


@transaction.atomic
def prune() -> None:
    """Files that nobody confirmed, and what is kept for an undo that nobody asked for."""
    now = timezone.now()
    for batch in ImportBatch.objects.filter(files__created_at__lt=now - FILES_WAIT).distinct():
        _forget(batch)
    ImportedRow.objects.filter(created_at__lt=now - UNDO_WITHIN).delete()
