"""What a report holds for a reader, as CSV."""

from io import BytesIO

from apps.accounts.models import User
from apps.kernel.writers import write_csv
from apps.reports.models import Export
from apps.reports.tables import table_of


def report_lines(slug: str, reader: User) -> list[str]:
    table, stream = table_of(Export.Source.REPORT, slug, "", reader), BytesIO()
    write_csv(stream, table.headings, table)
    return stream.getvalue().decode("utf-8-sig").splitlines()
