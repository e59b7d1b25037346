"""The forms in which a report is handed out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.audit.bundle import write_bundle
from apps.audit.document import About, Aside, cell, write_html, write_pdf
from apps.audit.keys import published
from apps.audit.progress import Progress, silent
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.reports.kind import Report
from apps.audit.reports.lines import BLOCK, COLUMNS, Form, blocks, rows, selected_values, statement
from apps.kernel.trail import Action, record
from apps.kernel.writers import MOST_ROWS, WRITERS, TooManyRows

AT_ONCE = 2_000
Write = Callable[[IO[bytes], Report, About, Progress], int]


@dataclass(frozen=True, kw_only=True)
class Format:
    slug: str
    title: str | Promise
    content_type: str
    suffix: str
    write: Write


def about(report: Report, *, asked_by: str, made_at: datetime) -> About:
    return About(
        title=str(report.kind.title),
        since=report.since,
        until=report.until,
        scope=report.scope,
        asked_by=asked_by,
        made_at=made_at,
    )


def make(stream: IO[bytes], report: Report, form: str, told: About, progress: Progress = silent) -> int:
    """Write a report and enter it into the trail; returns how many entries, or rows of its own, it has."""
    count = FORMATS[form].write(stream, report, told, progress)
    if form != "bundle":
        _record(form, report.filters, kind=report.kind.slug, entries=count)
    return count


def taken(entries: AuditEventQuerySet, form: Form, filters: Mapping[str, str | None]) -> Iterator[bytes]:
    """Entries for somebody who waits for them; `filters` hold keys and moments only (`reads.filters_said`)."""
    _record(form, filters)
    return blocks(rows(entries, form))


def _record(form: str, filters: Mapping[str, str | None], **details: object) -> None:
    record(Action.EXPORT, model="audit.auditevent", details={"form": form, "filters": filters, **details})


def _by_copy(form: Form) -> Write:
    def write(stream: IO[bytes], report: Report, told: About, progress: Progress) -> int:
        if report.kind.table is not None:
            return _table(stream, report, form)
        count = -1 if form == "csv" else 0
        block = bytearray()
        for row in rows(report.entries, form):
            block += row
            count += 1
            if len(block) >= BLOCK:
                stream.write(block)
                block.clear()
                progress(count)
        stream.write(block)
        return count

    return write


def _table(stream: IO[bytes], report: Report, form: str) -> int:
    table, writer = report.kind.table, WRITERS[form]
    found = list(table.rows(report.said, report.period))  # type: ignore[union-attr]
    headings = table.names if writer.by_name else [str(heading) for heading in table.headings]  # type: ignore[union-attr]
    writer.write(stream, headings, found)
    return len(found)


def _sheet(stream: IO[bytes], report: Report, told: About, progress: Progress) -> int:
    if report.kind.table is not None:
        return _table(stream, report, "xlsx")
    total = report.entries.order_by()[: MOST_ROWS + 1].count()
    if total > MOST_ROWS:
        raise TooManyRows
    WRITERS["xlsx"].write(stream, list(COLUMNS), _values(report.entries, progress))
    return total


def _values(entries: AuditEventQuerySet, progress: Progress) -> Iterator[tuple[Any, ...]]:
    done = 0
    with connection.chunked_cursor() as cursor:
        cursor.execute(*statement(entries, selected_values()))
        while block := cursor.fetchmany(AT_ONCE):
            yield from block
            done += len(block)
            progress(done)


def _with_table(report: Report, told: About) -> About:
    table = report.kind.table
    if table is None:
        return told
    aside = Aside(
        caption=str(table.caption),
        basis=str(table.basis),
        headings=[str(heading) for heading in table.headings],
        rows=[[cell(value) for value in row] for row in table.rows(report.said, report.period)],
    )
    return replace(told, aside=aside)


def _page(stream: IO[bytes], report: Report, told: About, progress: Progress) -> int:
    return write_html(stream, report.entries, _with_table(report, told), progress=progress)


def _paper(stream: IO[bytes], report: Report, told: About, progress: Progress) -> int:
    return write_pdf(stream, report.entries, _with_table(report, told), progress=progress)


def _bundle(stream: IO[bytes], report: Report, told: About, progress: Progress) -> int:
    """Of the whole log when nothing narrows it."""
    entries = report.entries if report.filters or report.kind.slug != "entries" else None
    return write_bundle(stream, published()[0], entries, report.filters, _with_table(report, told), progress)


FORMATS: dict[str, Format] = {
    form.slug: form
    for form in (
        Format(
            slug="csv",
            title="CSV",
            content_type="text/csv; charset=utf-8",
            suffix="csv",
            write=_by_copy("csv"),
        ),
        Format(
            slug="xlsx",
            title="Excel (XLSX)",
            content_type=WRITERS["xlsx"].content_type,
            suffix="xlsx",
            write=_sheet,
        ),
        Format(
            slug="jsonl",
            title="JSON Lines",
            content_type="application/x-ndjson",
            suffix="jsonl",
            write=_by_copy("jsonl"),
        ),
        Format(
            slug="html", title=_("Page (HTML)"), content_type="text/html; charset=utf-8", suffix="html", write=_page
        ),
        Format(slug="pdf", title=_("Paper (PDF)"), content_type="application/pdf", suffix="pdf", write=_paper),
        Format(
            slug="bundle",
            title=_("Bundle that a stranger verifies (ZIP)"),
            content_type="application/zip",
            suffix="zip",
            write=_bundle,
        ),
    )
}
