import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from apps.audit.bundle import write_bundle
from apps.audit.coverage import coverage
from apps.audit.filters import matching
from apps.audit.keys import KeyUnusable, keys
from apps.audit.notes import Signer, Unreadable, Verifier
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.report import taken
from apps.audit.seal import seal
from apps.audit.verify import verify
from apps.kernel.errors import BusinessError


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
    help = "Seal, verify, cover and report the audit trail."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        covered = verbs.add_parser("coverage", help="list every table and whether it is tracked; exit 1 if one is not")
        covered.add_argument("--json", action="store_true")
        sealing = verbs.add_parser("seal", help="seal now everything that is due, and sign a checkpoint")
        sealing.add_argument("--json", action="store_true")
        checking = verbs.add_parser("verify", help="check the whole trail: exit 0 intact, 1 tampered, 2 not checked")
        checking.add_argument("--checkpoint", action="append", type=Path, default=[], help="a note kept elsewhere")
        checking.add_argument("--vkey", action="append", default=[], help="trust this verifier key, too")
        checking.add_argument("--json", action="store_true")
        making = verbs.add_parser("key", help="make a signing key for AUDIT_KEYS or AUDIT_KEYS_FILE and print it")
        making.add_argument("name", help="the name of this log, such as steward.example/audit; no space, no plus")
        report = verbs.add_parser("report", help="write the entries of a filter to a file or to standard output")
        report.add_argument("--format", choices=["csv", "jsonl", "bundle"], default="csv")
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
        elif verb == "seal":
            self.seal(as_json=options["json"])
        elif verb == "verify":
            self.verify(**options)
        elif verb == "key":
            self.make_key(options["name"])
        else:
            self.report(**options)

    def make_key(self, name: str) -> None:
        if not name or set(name) & set("+ \t\n"):
            raise CommandError("A key's name has no space and no plus. Choose another.")
        signer = Signer.generate(name)
        self.stdout.write(signer.line())
        self.stderr.write(f"Keep the line above secret. Readers verify with:\n{signer.verifier}")

    def seal(self, *, as_json: bool) -> None:
        try:
            usable = keys()
        except KeyUnusable as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        total = 0
        while sealed := seal(usable, now=timezone.now()):
            total += sealed
        if sealed is None:
            raise CommandError("Another process is sealing. Nothing is lost; try again in a moment.", returncode=2)
        self.stdout.write(json.dumps({"sealed": total}) if as_json else f"{total} entries sealed.")

    def verify(self, *, checkpoint: list[Path], vkey: list[str], **options: Any) -> None:
        try:
            verifiers = [*self._known_keys(vkey), *(Verifier.read(line) for line in vkey)]
            verdict = verify(verifiers, [path.read_text() for path in checkpoint])
        except (OSError, UnicodeDecodeError, Unreadable, KeyUnusable, DatabaseError) as error:
            said = str(error) if isinstance(error, (Unreadable, KeyUnusable)) else type(error).__name__
            raise CommandError(f"The trail could not be checked: {said}", returncode=2) from error
        first = verdict.findings[0] if verdict.findings else None
        if options["json"]:
            self.stdout.write(json.dumps({"intact": first is None, **asdict(verdict)}))
        elif first is None:
            self.stdout.write(
                f"Intact: {verdict.entries} sealed entries under {verdict.checkpoints} checkpoints;"
                f" {verdict.unsealed} wait for the sealer."
            )
        if first is not None:
            raise CommandError(f"Tampered at position {first.position}: {first.kind}. {first.detail}", returncode=1)

    def _known_keys(self, given: list[str]) -> tuple[Verifier, ...]:
        """With a key from outside the house its own may be missing."""
        try:
            return keys().verifiers
        except KeyUnusable:
            if not given:
                raise
            return ()

    def bundle(self, output: Path | None, entries: AuditEventQuerySet | None, said: dict[str, str]) -> None:
        if output is None:
            raise CommandError("A bundle is a zip: say where with --output.")
        try:
            verifier = keys().signers[0].verifier
            with output.open("wb") as file:
                count = write_bundle(file, verifier, entries, said)
        except BusinessError as refusal:
            output.unlink(missing_ok=True)
            raise CommandError(str(refusal)) from refusal
        self.stderr.write(f"{count} entries. A stranger checks them with: python3 verify.py {output} --vkey {verifier}")

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
        if options["format"] == "bundle":
            self.bundle(output, entries if words else None, said)
            return
        with output.open("wb") if output else nullcontext(sys.stdout.buffer) as file:
            for block in taken(entries, options["format"], said):
                file.write(block)
