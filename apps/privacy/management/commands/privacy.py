import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from uuid_utils.compat import uuid7

from apps.kernel.trail import Action, because, record
from apps.privacy.graph import Model
from apps.privacy.package import write_package
from apps.privacy.register import register_json, register_markdown
from apps.privacy.subjects import UnknownPerson, person_named, resolve, snapshot


class Command(BaseCommand):
    help = "The rights of people and their proofs, from the shell."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="write everything that names one person into a package")
        export.add_argument("person", nargs="+", help="app.model:key of each row that is this person")
        export.add_argument("--output", type=Path, help="the file to write (default: dsar-<id>.zip)")
        register = verbs.add_parser("register", help="print the register of processing activities (Art. 30)")
        register.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "register":
            self.stdout.write(register_json() if options["json"] else register_markdown(), ending="")
            return
        self.export(options["person"], options["output"])

    def export(self, people: list[str], output: Path | None) -> None:
        rows = [self.row(said) for said in people]
        export = uuid7()
        target = output or Path(f"dsar-{export}.zip")
        with because("access export"):
            for model, key in rows:
                record(Action.EXPORT, model=model._meta.label_lower, objects=[key], details={"export": str(export)})
        with snapshot() as alias, target.open("xb") as stream:
            target.chmod(0o600)
            report = write_package(stream, resolve(rows, using=alias), export=export)
        found = sum(report.rows.values())
        sys.stdout.write(f"{target}: {found} records, {sum(report.withheld.values())} texts withheld for review\n")

    def row(self, said: str) -> tuple[Model, str]:
        try:
            return person_named(said)
        except UnknownPerson as error:
            raise CommandError(f"{said}: {error}") from error
