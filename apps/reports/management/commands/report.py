from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from rich.console import Console
from rich.progress import Progress

from apps.accounts.models import User
from apps.kernel.errors import BusinessError
from apps.kernel.trail import Action, Context, acting, record
from apps.reports.models import Export
from apps.reports.registry import reports
from apps.reports.services import write
from apps.reports.tables import table_of


class Command(BaseCommand):
    help = "Write a report of the rows that a user may see into a file; without a name, list the reports."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="as in the list")
        parser.add_argument("--as", dest="user", metavar="EMAIL", help="under whose rights the rows are read")
        parser.add_argument("--format", choices=Export.Format.values, default=Export.Format.CSV)
        parser.add_argument("--output", type=Path, metavar="FILE", help="a new file")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["name"]:
            for report in reports():
                self.stdout.write(f"{report.slug}  {report.title}")
            return
        if not options["user"] or not options["output"]:
            raise CommandError("Say under whose rights (--as EMAIL) and into which file (--output FILE).")
        user = User.objects.filter(email__iexact=options["user"]).first()
        if user is None:
            raise CommandError("There is no such user.")
        try:
            with acting(Context(source="command:report", actor=user.pk)):
                rows = self._write(options["name"], options["format"], user, options["output"])
        except BusinessError as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{rows} rows in {options['output']}.")

    @transaction.atomic
    def _write(self, name: str, form: str, user: User, output: Path) -> int:
        table = table_of(Export.Source.REPORT, name, "", user)
        with (
            Progress(console=Console(stderr=True), disable=not self.stderr.isatty()) as bar,
            output.open("xb") as stream,
        ):
            task = bar.add_task(name)
            rows = write(
                table, form, stream, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
        record(Action.EXPORT, model=table.model, details={"name": name, "format": form, "rows": rows})
        return rows
