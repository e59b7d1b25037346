"""A file of a legacy export, read line by line. What cannot be read is told by its line, never guessed."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from apps.integrations.imports.report import BadRow

csv.field_size_limit(1_000_000)
_MARK = "utf-8-sig"


@dataclass(frozen=True)
class Line:
    """One record: where it begins and its cells, `None` where a cell holds nothing."""

    number: int
    cells: Mapping[str, str | None]


@dataclass
class Table:
    """What a file held: its good lines, its bad ones, and whether the file as a whole can be used."""

    lines: list[Line] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    usable: bool = True

    @property
    def read(self) -> int:
        return len(self.lines) + len({row.line for row in self.bad if row.line > 1})


@dataclass(frozen=True, kw_only=True)
class Format:
    """How the files of an export are written. The encoding is one in which ASCII bytes are ASCII."""

    encoding: str = _MARK
    delimiter: str = ","
    quote: str = '"'
    null: tuple[str, ...] = ("",)
    strip: bool = True

    def cell(self, text: str) -> str | None:
        text = text.strip() if self.strip else text
        return None if text in self.null else text


class _Decoder:
    """Decodes byte lines one by one and remembers which it could not, so that the next line is read all the same."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self.encoding = encoding
        self.broken: dict[int, int] = {}

    def __iter__(self) -> Iterator[str]:
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                encoding = self.encoding if number == 1 or self.encoding != _MARK else "utf-8"
                try:
                    yield line.decode(encoding)
                except UnicodeDecodeError as error:
                    self.broken[number] = error.start
                    yield line.decode(encoding, errors="replace")


def read_table(path: Path, columns: set[str], ignored: set[str], form: Format) -> Table:
    """Every record of the file. The header must name exactly the columns that the profile maps or ignores."""
    table = Table()
    if not path.is_file():
        table.usable = False
        table.bad.append(BadRow(file=path.name, line=0, reason="The file is missing."))
        return table
    decoder = _Decoder(path, form.encoding)
    reader = csv.reader(decoder, delimiter=form.delimiter, quotechar=form.quote, strict=True)
    try:
        header = [cell.strip() for cell in next(reader)]
    except (StopIteration, csv.Error):
        header = []
    table.bad.extend(_header_errors(path.name, header, columns, ignored, broken=1 in decoder.broken))
    if table.bad:
        table.usable = False
        return table
    _read_lines(table, path.name, reader, decoder, header, form)
    return table


def _header_errors(
    name: str, header: list[str], columns: set[str], ignored: set[str], *, broken: bool
) -> Iterator[BadRow]:
    if broken:
        yield BadRow(file=name, line=1, reason="The header is not written in the encoding that the profile names.")
        return
    if not any(header):
        yield BadRow(file=name, line=1, reason="There is no header.")
        return
    for column in sorted(columns - set(header)):
        yield BadRow(file=name, line=1, column=column, reason="The header does not name this column.")
    for column in sorted(set(header) - columns - ignored):
        yield BadRow(
            file=name, line=1, column=column, reason="The profile neither maps this column nor names it under `ignore`."
        )
    for column in sorted({column for column in header if header.count(column) > 1}):
        yield BadRow(file=name, line=1, column=column, reason="The header names this column twice.")


def _read_lines(
    table: Table, name: str, reader: Iterator[list[str]], decoder: _Decoder, header: list[str], form: Format
) -> None:
    begins = 2
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            table.bad.append(BadRow(file=name, line=begins, reason=f"This is not CSV: {error}."))
            begins = reader.line_num + 1  # type: ignore[attr-defined]
            continue
        ends = reader.line_num  # type: ignore[attr-defined]
        if reason := _record_error(record, header, decoder, range(begins, ends + 1)):
            table.bad.append(BadRow(file=name, line=begins, reason=reason))
        elif record:
            cells = dict(zip(header, map(form.cell, record), strict=True))
            table.lines.append(Line(begins, cells))
        begins = ends + 1


def _record_error(record: list[str], header: list[str], decoder: _Decoder, numbers: range) -> str:
    for number in numbers:
        if number in decoder.broken:
            return f"Byte {decoder.broken[number] + 1} of line {number} is not {decoder.encoding.removesuffix('-sig')}."
    if record and len(record) != len(header):
        return f"The line has {len(record)} values, the header names {len(header)} columns."
    if any("\x00" in cell for cell in record):
        return "The line holds a NUL character."
    return ""
