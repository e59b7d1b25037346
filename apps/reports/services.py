"""A table is asked for, made in the background and taken by the person who asked."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from apps.access.rights import rights_mark
from apps.accounts.models import User
from apps.events.models import Work
from apps.events.work import enqueue
from apps.files import services as files
from apps.kernel.errors import BusinessError
from apps.kernel.trail import Action, record
from apps.kernel.writers import WRITERS, TooManyRows
from apps.reports.models import BulkAction, Export
from apps.reports.tables import CHUNK, Cells, Table, table_of

Progress = Callable[[int, int], None]

KEPT = timedelta(days=1)
AT_ONCE = 5


class TooManyExports(BusinessError):
    """Five of your exports wait or run. Wait for one to end, or cancel one."""

    code = "too_many_exports"


class RightsChanged(BusinessError):
    """Your rights have changed since the rows were read. Ask for the file again."""

    code = "rights_changed"
    about_access = True


class NotMade(BusinessError):
    """There is no file: the export has not ended yet, was refused, or is over."""

    code = "export_not_made"


@transaction.atomic
def ask_for_export(*, source: str, name: str, query: str, format: str, by: User, auth: Any = None) -> Export:  # noqa: A002
    """Take the wish in, or refuse at once what could never be made."""
    User.objects.select_for_update().get(pk=by.pk)
    if Work.objects.unfinished().filter(export__requested_by=by).count() >= AT_ONCE:
        raise TooManyExports
    table = table_of(source, name, query, by, auth)
    export = Export.objects.create(
        source=source, name=name, model=table.model, query=query, format=format, requested_by=by
    )
    export.work = enqueue("reports.export", export=str(export.pk))
    export.save(update_fields=["work", "updated_at"])
    return export


def make(key: UUID, *, progress: Progress) -> dict[str, object]:
    """Read the rows that the requester may see now, write them to a file and put it away for him."""
    export = Export.objects.select_related("requested_by").get(pk=key)
    table = table_of(export.source, export.name, export.query, export.requested_by)
    export.rights = rights_mark(export.requested_by, table.rows.model)
    with TemporaryFile() as stream:
        export.rows = write(table, export.format, stream, progress=progress)
        _check_rights(export, User.objects.get(pk=export.requested_by_id))
        export.file = files.store(
            stream,
            name=f"{slugify(table.title)}.{export.format}",
            content_type=WRITERS[export.format].content_type,
            purpose="reports.export",
            owner_label=Export._meta.label_lower,
            owner=export.pk,
            expires_at=timezone.now() + KEPT,
        )
    export.save(update_fields=["file", "rows", "rights", "updated_at"])
    _record(export, "made")
    return {"rows": export.rows, "export": str(export.pk), "file": reverse("export-file", args=[export.pk])}


def write(table: Table, format: str, stream: IO[bytes], *, progress: Progress) -> int:  # noqa: A002
    """Write the table and say how many rows it had."""
    writer, total = WRITERS[format], table.rows.count()
    if writer.most_rows is not None and total > writer.most_rows:
        raise TooManyRows(rows=total)
    written = 0

    def rows() -> Iterator[Cells]:
        nonlocal written
        progress(0, total)
        for written, row in enumerate(table, start=1):
            yield row
            if written % CHUNK == 0:
                progress(written, total)
        progress(written, total)

    writer.write(stream, table.names if writer.by_name else table.headings, rows())
    return written


def _check_rights(export: Export, requester: User) -> None:
    """A file holds what its requester might see when it was made: after a change of his rights nobody takes it."""
    table = table_of(export.source, export.name, export.query, requester)
    if rights_mark(requester, table.rows.model) != export.rights:
        raise RightsChanged


def download(export: Export, *, now: datetime) -> IO[bytes]:
    """The file, for as long as the requester may still see such rows. Each time is recorded."""
    if export.file is None:
        raise NotMade
    _check_rights(export, export.requested_by)
    content = files.read(export.file, now=now)
    _record(export, "taken")
    return content


def _record(export: Export, step: str) -> None:
    """Which filters were set is recorded; what they were set to may name somebody and stays with the export."""
    details = {
        "export": str(export.pk),
        "step": step,
        "name": export.name,
        "format": export.format,
        "rows": export.rows,
        "filters": sorted(QueryDict(export.query)),
    }
    record(Action.EXPORT, model=export.model, details=details)


def prune(*, now: datetime) -> int:
    """Delete what is older than a week; the files are gone before."""
    last = now - timedelta(days=7)
    return sum(model.objects.filter(created_at__lt=last).delete()[0] for model in (Export, BulkAction))
