"""What stands in the file: numbers and days that a spreadsheet can count with, and nothing that it would run."""

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from apps.accounts.models import User
from apps.kernel.writers import WRITERS, TextTooLong, TooManyRows, write_csv, write_jsonl, write_xlsx
from apps.reports import services
from apps.reports.tables import Table
from tests.sample.models import Person

HEADINGS = ["Text", "Amount", "Day", "Moment", "Flag", "Nothing", "List"]
ROW = [
    "=1+1",
    Decimal("12.50"),
    date(2026, 3, 1),
    datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
    True,
    None,
    ["a", "b"],
]


def written(write: Any, *rows: list[Any]) -> BytesIO:
    stream = BytesIO()
    write(stream, HEADINGS, iter(rows))
    return stream


def test_csv_is_plain_and_disarmed() -> None:
    assert written(write_csv, ROW).getvalue().decode("utf-8-sig").splitlines()[1] == (
        '\'=1+1,12.50,2026-03-01,2026-03-01T12:30:00Z,true,,"[""a"",""b""]"'
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_every_beginning_of_a_formula_is_disarmed(start: str) -> None:
    line = written(write_csv, [f"{start}cmd"]).getvalue().decode("utf-8-sig").split("\r\n", 1)[1]

    assert line.lstrip('"').startswith("'")


def test_excel_gets_numbers_days_and_text_but_no_formula() -> None:
    odd = ["{=1+1}", Decimal(-3), None, None, False, "", "http://example.org"]
    with ZipFile(written(write_xlsx, ROW, odd)) as book:
        sheet, parts = book.read("xl/worksheets/sheet1.xml").decode(), set(book.namelist())

    assert "<f>" not in sheet
    assert "<t>'=1+1</t>" in sheet
    assert '<c r="B2"><v>12.50</v></c>' in sheet
    assert "<v>46082</v>" in sheet
    assert "<v>46082.5208333" in sheet
    assert '<c r="E2" t="b"><v>1</v></c>' in sheet
    assert not any("rels/sheet" in part for part in parts)


def test_a_text_that_no_cell_holds_is_refused() -> None:
    with pytest.raises(TextTooLong):
        written(write_xlsx, ["x" * 32_768])


def test_json_lines_keep_types() -> None:
    assert written(write_jsonl, ROW).getvalue() == (
        b'{"Text":"=1+1","Amount":"12.50","Day":"2026-03-01","Moment":"2026-03-01T12:30:00Z",'
        b'"Flag":true,"Nothing":null,"List":["a","b"]}\n'
    )


def quietly(_done: int, _total: int) -> None:
    """Nobody looks."""


@pytest.mark.usefixtures("people")
def test_a_sheet_that_is_too_small_is_refused_before_a_row_is_read(
    viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = WRITERS["xlsx"].__class__(content_type="", write=write_xlsx, most_rows=1)
    monkeypatch.setitem(WRITERS, "xlsx", small)  # type: ignore[arg-type]
    rows = Person.objects.all()
    table = Table(model="sample.person", title="", names=["n"], headings=["N"], rows=rows, cells=lambda row: [row.pk])
    stream = BytesIO()

    with pytest.raises(TooManyRows, match="take CSV"):
        services.write(table, "xlsx", stream, progress=quietly)
    assert stream.getvalue() == b""
