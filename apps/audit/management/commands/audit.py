import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from apps.audit.coverage import coverage
from apps.audit.filters import matching
from apps.audit.report import taken


def moment(said: str) -> datetime:
    """A day or a moment; without a zone it is UTC."""
    found = parse_datetime(said)
    day = None if found else parse_date(said)
    if day is not None:
        found = datetime(day.year, day.month, day.day)  # noqa: DTZ001
    if found is None:
        raise ValueError(said)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Coverage and reports of the audit trail."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        covered = verbs.add_parser("coverage", help="list every table and whether it is tracked; exit 1 if one is not")
        covered.add_argument("--json", action="store_true")
        report = verbs.add_parser("report", help="write the entries of a filter to a file or to standard output")
        report.add_argument("--format", choices=["csv", "jsonl"], default="csv")
        report.add_argument("--output", type=Path, help="a file (standard output otherwise)")
        report.add_argument("--from", dest="since", type=moment, help="first day or moment, UTC")
        report.add_argument("--to", dest="until", type=moment, help="end, not included")
        for name, said in (
            ("actor", "key or e-mail of a user"),
            ("object", "key of a record"),
            ("model", "label such as customers.customer"),
            ("action", "create, update, delete, access, …"),
            ("request", "request id"),
            ("unit", "key of a unit"),
            ("batch", "batch id"),
        ):
            report.add_argument(f"--{name}", help=said)

    def handle(self, *, verb: str, **options: Any) -> None:
        if verb == "coverage":
            self.cover(as_json=options["json"])
        else:
            self.report(**options)

    def cover(self, *, as_json: bool) -> None:
        found = coverage()
        faults = [table for table in found if table.fault]
        if as_json:
            self.stdout.write(json.dumps({"complete": not faults, "tables": [asdict(table) for table in found]}))
        else:
            for table in found:
                self.stdout.write(
                    f"{table.table:45} {table.fault or (table.exempt and f'exempt: {table.exempt}') or 'tracked'}"
                )
        if faults:
            raise CommandError(f"{len(faults)} tables are not tracked as they should be.")

    def report(self, *, output: Path | None, **options: Any) -> None:
        words = {
            name: options[name]
            for name in ("since", "until", "actor", "object", "model", "action", "request", "unit", "batch")
            if options[name]
        }
        try:
            entries = matching(**words)
        except ValueError as error:
            raise CommandError(str(error)) from error
        said = {name: str(value) for name, value in words.items() if name != "actor" or "@" not in str(value)}
        with output.open("wb") if output else nullcontext(sys.stdout.buffer) as file:
            for block in taken(entries, options["format"], said):
                file.write(block)
