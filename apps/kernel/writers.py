"""How a table becomes a file: CSV (RFC 4180), Excel, or JSON Lines."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any

import orjson
from xlsxwriter import Workbook

from apps.kernel.errors import BusinessError
from apps.kernel.spreadsheets import neutral

MOST_ROWS = 1_048_575
"""What a sheet holds below its headings."""
LONGEST_TEXT = 32_767
COUNTABLE = (bool, int, float, Decimal, date, type(None))


class TooManyRows(BusinessError):
    """A sheet of Excel holds 1,048,575 rows, and this list has more. Narrow it, or take CSV."""

    code = "too_many_rows"


class TextTooLong(BusinessError):
    """A cell of Excel holds 32,767 characters, and a text of this list is longer. Take CSV."""

    code = "text_too_long"


Write = Callable[[IO[bytes], Sequence[str], Iterable[Sequence[Any]]], None]


@dataclass(frozen=True, kw_only=True)
class Writer:
    content_type: str
    write: Write
    most_rows: int | None = None
    by_name: bool = False
    """Whether a column is called by its field, for programs, and not by its heading."""


def plain(cell: Any) -> Any:
    """A cell as text that programs read back: moments in UTC, lists and objects as JSON."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case list() | dict():
            return orjson.dumps(cell, default=str).decode()
    return cell


def write_csv(stream: IO[bytes], headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    lines = csv.writer(text)
    lines.writerow(headings)
    lines.writerows([neutral(plain(cell)) for cell in row] for row in rows)
    text.flush()
    text.detach()


def write_xlsx(stream: IO[bytes], headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with Workbook(stream, options) as book:
        sheet = book.add_worksheet()
        bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(headings) - 1, 18)
        for place, heading in enumerate(headings):
            sheet.write_string(0, place, neutral(heading), bold)
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, place, cell.astimezone(UTC).replace(tzinfo=None), moment)
                elif isinstance(cell, COUNTABLE):
                    sheet.write(number, place, cell)
                else:
                    sheet.write_string(number, place, _text(cell))


def _text(cell: Any) -> str:
    text = str(neutral(plain(cell)))
    if len(text) > LONGEST_TEXT:
        raise TextTooLong
    return text


def write_jsonl(stream: IO[bytes], headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        line = dict(zip(headings, row, strict=True))
        stream.write(orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))


WRITERS: Mapping[str, Writer] = {
    "csv": Writer(content_type="text/csv; charset=utf-8", write=write_csv),
    "xlsx": Writer(
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        write=write_xlsx,
        most_rows=MOST_ROWS,
    ),
    "jsonl": Writer(content_type="application/jsonl", write=write_jsonl, by_name=True),
}
