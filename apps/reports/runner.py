"""Reports as CSV (RFC 4180), row by row."""

import csv
from collections.abc import Iterator

from apps.accounts.models import User
from apps.kernel.spreadsheets import neutral
from apps.kernel.trail import Action, record
from apps.reports.registry import Report

CHUNK = 2_000


class _Line:
    """The file that `csv.writer` wants: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(report: Report, user: User) -> Iterator[bytes]:
    """The report over the rows that this user may see; memory stays flat. That it was taken is recorded first."""
    record(Action.EXPORT, model=report.model._meta.label_lower, details={"report": report.slug})
    writer = csv.writer(_Line())
    yield b"\xef\xbb\xbf" + writer.writerow(report.columns).encode()
    visible = report.model._default_manager.all().visible_to(user, report.demands)
    for row in report.values(visible).iterator(chunk_size=CHUNK):
        yield writer.writerow(neutral(cell) for cell in row).encode()
