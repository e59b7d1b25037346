"""Load a legacy export by a declared profile, or take an import back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress

from apps.accounts.models import User
from apps.integrations.imports.profile import load_profile
from apps.integrations.imports.report import Report
from apps.integrations.imports.run import run_import
from apps.integrations.imports.undo import CannotUndo, undo_import
from apps.integrations.models import ImportBatch
from apps.kernel.errors import BusinessError

SHOWN = 50


class Command(BaseCommand):
    help = "Load the CSV files of a folder by a mapping profile: all of it, or nothing and a list of every bad row."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("profile", nargs="?", help="name of a shipped profile, or the path of a TOML file")
        parser.add_argument("folder", nargs="?", type=Path, help="folder with the CSV files")
        parser.add_argument("--unit", default="", help="name, slug or path of the unit that gets the rows")
        parser.add_argument("--user", default="", metavar="EMAIL", help="act with this person's permissions")
        parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")
        parser.add_argument("--skip-bad", action="store_true", help="write the good rows when some are bad")
        parser.add_argument("--undo", metavar="BATCH", help="take this import back")
        parser.add_argument("--json", action="store_true", help="one JSON document on standard output")

    def handle(self, **options: Any) -> None:
        try:
            if options["undo"]:
                self.undo(options)
            else:
                self.load(options)
        except BusinessError as refusal:
            if options["json"]:
                self.print_json({"error": refusal.code, "detail": str(refusal), **refusal.details})
            lines = refusal.rows if isinstance(refusal, CannotUndo) else []
            raise CommandError("\n".join([str(refusal), *lines])) from refusal

    def load(self, options: dict[str, Any]) -> None:
        if not options["profile"] or not options["folder"]:
            raise CommandError("Name a profile and a folder, or --undo BATCH.")
        if not options["folder"].is_dir():
            raise CommandError(f"There is no folder {options['folder']}.")
        profile = load_profile(options["profile"])
        with Progress(console=Console(stderr=True), transient=True, disable=not self.stderr.isatty()) as bar:
            task = bar.add_task(profile.title, total=None)
            report = run_import(
                profile,
                options["folder"],
                unit=options["unit"],
                user=self.person(options["user"]),
                dry_run=options["dry_run"],
                skip_bad=options["skip_bad"],
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        if options["json"]:
            self.print_json(report.as_dict())
        else:
            self.print_report(report)
        if report.fatal or (report.bad_rows and not options["skip_bad"]):
            raise CommandError(f"{len(report.bad_rows)} bad rows. Nothing was written.")

    def undo(self, options: dict[str, Any]) -> None:
        try:
            batch = ImportBatch.objects.get(pk=UUID(options["undo"]))
        except (ValueError, ImportBatch.DoesNotExist) as error:
            raise CommandError(f"There is no import {options['undo']}.") from error
        counts = undo_import(batch, user=self.person(options["user"]))
        if options["json"]:
            self.print_json({"batch": str(batch.pk), "undone": True, "models": counts})
            return
        for label, count in counts.items():
            self.stdout.write(f"{label}: {count['removed']} removed, {count['restored']} restored")

    def person(self, email: str) -> User | None:
        if not email:
            return None
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is None:
            raise CommandError("There is no active user with this e-mail address.")
        return user

    def print_json(self, said: dict[str, Any]) -> None:
        self.stdout.write(orjson.dumps(said, option=orjson.OPT_INDENT_2, default=str).decode())

    def print_report(self, report: Report) -> None:
        self.stdout.write(f"{report.profile} into {report.unit}, batch {report.batch}, {report.seconds:.1f} s")
        for label, counts in report.models.items():
            self.stdout.write(
                f"  {label}: {counts.created} created, {counts.changed} changed, {counts.unchanged} unchanged"
            )
        for row in report.bad_rows[:SHOWN]:
            self.stderr.write(f"  {row}")
        if len(report.bad_rows) > SHOWN:
            self.stderr.write(f"  … and {len(report.bad_rows) - SHOWN} more; --json lists all")
        if report.dry_run:
            self.stdout.write("A dry run: nothing was written.")
