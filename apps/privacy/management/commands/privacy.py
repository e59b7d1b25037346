import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress
from uuid_utils.compat import uuid7

from apps.kernel.trail import Action, because, record
from apps.privacy.graph import Model
from apps.privacy.package import write_package
from apps.privacy.paths import proposals, unknown_columns, verify_paths
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

        verify = verbs.add_parser("verify-paths", help="exit 1 when rows about people lead to nobody")
        verify.add_argument("--json", action="store_true")
        infer = verbs.add_parser("infer", help="propose edges for relations that have none")
        infer.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "verify-paths":
            self.verify_paths(as_json=options["json"])
            return
        if options["verb"] == "infer":
            self.infer(as_json=options["json"])
            return
        if options["verb"] == "register":
            self.stdout.write(register_json() if options["json"] else register_markdown(), ending="")
            return
        self.export(options["person"], options["output"])

    def verify_paths(self, *, as_json: bool) -> None:
        found, unknown = verify_paths(), unknown_columns()
        if as_json:
            document = {"models": [asdict(paths) for paths in found], "unknown_in_database": unknown}
            self.stdout.write(json.dumps(document, indent=2))
        else:
            for paths in found:
                unlinked = f" (unlinked: {paths.unlinked})" if paths.unlinked and paths.orphans else ""
                self.stdout.write(
                    f"{paths.model}: {paths.rows} rows, {paths.one} to one person, {paths.several} to several, "
                    f"{paths.orphans} to nobody{unlinked} {' '.join(paths.keys)}".rstrip()
                )
            self.stdout.writelines(f"{name}: in the database, in no model" for name in unknown)
        if unknown or not all(paths.is_sound for paths in found):
            raise CommandError("Some rows about people lead to nobody, or the database holds what no model knows.")

    def infer(self, *, as_json: bool) -> None:
        found = proposals()
        if as_json:
            keys = ("model", "relation", "edge")
            self.stdout.write(json.dumps([dict(zip(keys, one, strict=True)) for one in found], indent=2))
        else:
            self.stdout.writelines(f'{model}: "{relation}": {edge},' for model, relation, edge in found)

    def export(self, people: list[str], output: Path | None) -> None:
        rows = [self.row(said) for said in people]
        export = uuid7()
        target = output or Path(f"dsar-{export}.zip")
        with because("access export"):
            for model, key in rows:
                record(Action.EXPORT, model=model._meta.label_lower, objects=[key], details={"export": str(export)})
        bar = Progress(console=Console(stderr=True), transient=True, disable=not self.stderr.isatty())
        task = bar.add_task("Searching")
        with snapshot() as alias, target.open("xb") as stream, bar:
            target.chmod(0o600)
            report = write_package(
                stream,
                resolve(rows, using=alias),
                export=export,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        found = sum(report.rows.values())
        sys.stdout.write(f"{target}: {found} records, {sum(report.withheld.values())} texts withheld for review\n")

    def row(self, said: str) -> tuple[Model, str]:
        try:
            return person_named(said)
        except UnknownPerson as error:
            raise CommandError(f"{said}: {error}") from error
