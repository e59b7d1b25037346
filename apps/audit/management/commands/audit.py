import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, OperationalError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from rich.console import Console
from rich.progress import Progress as Bar

from apps.accounts.models import User
from apps.audit import ddl, retention
from apps.audit.coverage import coverage
from apps.audit.keys import KeyUnusable, keys, published
from apps.audit.models import KeepingPeriod
from apps.audit.notes import Signer, Unreadable, Verifier, several
from apps.audit.progress import Paced, Progress
from apps.audit.redaction import redact_person
from apps.audit.reports.formats import FORMATS, about, make
from apps.audit.reports.kind import Report, ask
from apps.audit.reports.kinds import KINDS
from apps.audit.seal import seal
from apps.audit.verify import NothingToCompare, verify
from apps.kernel.errors import BusinessError
from apps.kernel.trail import Action, because, record


def moment(said: str) -> datetime:
    """A day or a moment; without a zone it is UTC."""
    found = parse_datetime(said)
    day = None if found else parse_date(said)
    if day is not None:
        found = datetime(day.year, day.month, day.day)  # noqa: DTZ001
    if found is None:
        raise ValueError(said)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def plain(value: set[str] | date) -> list[str] | str:
    return f"{value:%Y-%m}" if isinstance(value, date) else sorted(value)


class Command(BaseCommand):
    help = "Seal, verify, cover, report and prune the audit trail."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        covered = verbs.add_parser("coverage", help="list every table and whether it is tracked; exit 1 if one is not")
        covered.add_argument("--json", action="store_true")
        schema = verbs.add_parser("ddl", help="say whether changes of the schema are recorded; exit 1 if they are not")
        schema.add_argument("--sql", action="store_true", help="print what a superuser runs, so that they are")
        sealing = verbs.add_parser("seal", help="seal now everything that is due, and sign a checkpoint")
        sealing.add_argument("--json", action="store_true")
        checking = verbs.add_parser("verify", help="check the whole trail: exit 0 intact, 1 tampered, 2 not checked")
        checking.add_argument("--checkpoint", action="append", type=Path, default=[], help="notes kept elsewhere")
        checking.add_argument("--vkey", action="append", default=[], help="trust this verifier key, too")
        checking.add_argument("--json", action="store_true")
        keeping = verbs.add_parser("retention", help="how long entries are kept and why")
        keeping.add_argument("--dry-run", action="store_true", help="count what is due, and what holds keep")
        keeping.add_argument("--json", action="store_true")
        pruning = verbs.add_parser("prune", help="let months go whose period is over, as a member of steward_retention")
        pruning.add_argument("--wait", type=int, default=60, help="seconds to wait for the seal of what was announced")
        pruning.add_argument("--json", action="store_true")
        erasing = verbs.add_parser("redact", help="erase what the trail holds of a person; the log keeps its proof")
        erasing.add_argument("key", nargs="+", help="key of each record that is this person")
        erasing.add_argument("--ground", required=True, help="the law, such as Art. 17(1)(a) GDPR; never a name")
        erasing.add_argument("--by", required=True, help="e-mail of the data protection officer who decides")
        making = verbs.add_parser("key", help="make a signing key for AUDIT_KEYS or AUDIT_KEYS_FILE and print it")
        making.add_argument("name", help="the name of this log, such as steward.example/audit; no space, no plus")
        report = verbs.add_parser("report", help="write a report to a file or to standard output")
        report.add_argument("--kind", choices=[*KINDS], default="entries", help="which question it answers")
        report.add_argument("--kinds", action="store_true", help="list the kinds, what they answer and what they take")
        report.add_argument("--format", choices=[*FORMATS], default="csv")
        report.add_argument("--output", type=Path, help="a file (standard output otherwise)")
        report.add_argument("--from", dest="since", type=moment, help="first day or moment, UTC")
        report.add_argument("--to", dest="until", type=moment, help="end, not included")
        for name, said in _answers().items():
            report.add_argument(f"--{name}", help=said)

    def handle(self, *, verb: str, **options: Any) -> None:
        asked_in_full: dict[str, Callable[..., None]] = {
            "verify": self.verify,
            "redact": self.redact,
            "report": self.report,
        }
        if verb in asked_in_full:
            asked_in_full[verb](**options)
        elif verb == "coverage":
            self.cover(as_json=options["json"])
        elif verb == "ddl":
            self.ddl(as_sql=options["sql"])
        elif verb == "seal":
            self.seal(as_json=options["json"])
        elif verb == "retention":
            self.show_retention(counts=options["dry_run"], as_json=options["json"])
        elif verb == "prune":
            self.prune(patience=timedelta(seconds=options["wait"]), as_json=options["json"])
        else:
            self.make_key(options["name"])

    def ddl(self, *, as_sql: bool) -> None:
        if as_sql:
            self.stdout.write(ddl.INSTALL)
            return
        is_recording, fault = ddl.recording()
        if not is_recording:
            raise CommandError(fault or "Not recorded. A superuser runs what `manage.py audit ddl --sql` prints.")
        self.stdout.write("Every change of the schema is an entry.")

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
            notes = [note for path in checkpoint for note in several(path.read_text())]
            verdict = verify(verifiers, notes, processes=len(os.sched_getaffinity(0)))
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"A checkpoint file cannot be read: {type(error).__name__}.", returncode=2) from error
        except DatabaseError as error:
            said = "The trail could not be checked: the database did not answer as it should."
            raise CommandError(f"{said} {type(error).__name__}.", returncode=2) from error
        except (Unreadable, KeyUnusable, NothingToCompare) as refusal:
            raise CommandError(f"The trail could not be checked: {refusal}", returncode=2) from refusal
        first = verdict.findings[0] if verdict.findings else None
        looked = {"door": "verify", "count": verdict.entries, "intact": first is None}
        record(Action.ACCESS, model="audit.auditevent", details=looked)
        if options["json"]:
            self.stdout.write(json.dumps({"intact": first is None, **asdict(verdict)}))
        elif first is None:
            self.stdout.write(
                f"Intact: {verdict.entries} sealed entries under {verdict.checkpoints} checkpoints;"
                f" {verdict.unsealed} wait for the sealer."
            )
        if first is not None:
            raise CommandError(f"Tampered at position {first.position}: {first.kind}. {first.detail}", returncode=1)

    def show_retention(self, *, counts: bool, as_json: bool) -> None:
        periods = list(KeepingPeriod.objects.order_by("model").values("model", "keep", "law"))
        found = [asdict(month) for month in retention.due()] if counts else []
        if as_json:
            said = {"periods": periods, **({"due": found} if counts else {})}
            self.stdout.write(json.dumps(said, default=plain))
            return
        for period in periods:
            self.stdout.write(f"{period['model'] or 'everything else':40} {period['keep']:6} {period['law']}")
        for month in found:
            self.stdout.write(
                f"{month['month']:%Y-%m}: {sum(month['goes'].values())} entries would go,"
                f" {sum(month['held'].values())} are held by {len(month['holds'])} holds,"
                f" {month['unsealed']} wait for the sealer."
            )
        if counts and not found:
            self.stdout.write("No period is over.")

    def prune(self, *, patience: timedelta, as_json: bool) -> None:
        try:
            with retention.as_retention_role():
                steps = retention.prune_everything(patience=patience)
        except BusinessError as refusal:
            raise CommandError(str(refusal)) from refusal
        except OperationalError as error:
            said = getattr(error.__cause__, "diag", None)
            reason = (said and said.message_primary) or "the database cannot be reached."
            raise CommandError(f"Not pruned to the end: {reason.rstrip('.')}. Run it again.", returncode=2) from error
        done = {f"{month:%Y-%m}": step.value for month, step in steps.items() if step != retention.Step.NOTHING}
        if as_json:
            self.stdout.write(json.dumps(done))
        else:
            for month, step in done.items():
                self.stdout.write(f"{month}: {step}")
        if retention.UNFINISHED & set(steps.values()):
            raise CommandError("What was announced is not sealed yet. Run it again when it is.", returncode=2)

    def redact(self, *, key: list[str], ground: str, by: str, **_options: Any) -> None:
        officer = User.objects.filter(email__iexact=by, is_active=True).first()
        if officer is None or not officer.has_perm("audit.redact_auditevent"):
            raise CommandError("Nobody with this e-mail may redact: name a data protection officer.")
        if not ground.strip():
            raise CommandError("A redaction states its ground: name the law.")
        try:
            records = [UUID(said) for said in key]
        except ValueError as error:
            raise CommandError("This is no key of a record: copy it from the record's history.") from error
        with because(actor=officer.pk):
            try:
                gone = redact_person(records, ground=ground)
            except BusinessError as refusal:
                raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{gone} values erased.")

    def _known_keys(self, given: list[str]) -> tuple[Verifier, ...]:
        """With a key from outside the house its own may be missing."""
        try:
            return keys().verifiers
        except KeyUnusable:
            if not given:
                raise
            return ()

    def cover(self, *, as_json: bool) -> None:
        found = coverage()
        faults = [table for table in found if table.fault]
        is_recording, fault = ddl.recording()
        if as_json:
            tables = [asdict(table) for table in found]
            said = {"complete": not faults and not fault, "ddl": is_recording, "tables": tables}
            self.stdout.write(json.dumps(said))
        else:
            for table in found:
                self.stdout.write(
                    f"{table.table:45} {table.fault or (table.exempt and f'exempt: {table.exempt}') or 'tracked'}"
                )
            schema = fault or ("recorded" if is_recording else "not recorded: see `manage.py audit ddl`")
            self.stdout.write(f"Changes of the schema: {schema}")
        if fault:
            raise CommandError(fault)
        if faults:
            raise CommandError(f"{len(faults)} tables are not tracked as they should be.")

    def report(self, *, output: Path | None, **options: Any) -> None:
        if options["kinds"]:
            self.stdout.writelines(f"{line}\n" for line in _catalogue())
            return
        words = {name: options[name] for name in _answers() if options[name]}
        form = options["format"]
        if form == "bundle" and output is None:
            raise CommandError("A bundle is a zip: say where with --output.")
        try:
            report = ask(KINDS[options["kind"]], words, since=options["since"], until=options["until"])
            told = about(report, asked_by="command:audit", made_at=timezone.now())
            with self._bar(report) as progress, _whole(output) if output else nullcontext(sys.stdout.buffer) as file:
                count = make(file, report, form, told, progress)
        except BusinessError as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{output or 'The report'} cannot be written: {error.strerror}.") from error
        said = f"{count} entries."
        if form == "bundle":
            key = published()[0]
            said += f" A stranger checks them with: python3 verify.py {output} --vkey {key}"
        self.stderr.write(said)

    @contextmanager
    def _bar(self, report: Report) -> Iterator[Progress]:
        with Bar(console=Console(stderr=True), transient=True, disable=not self.stderr.isatty()) as bar:
            task = bar.add_task(str(report.kind.title), total=None)
            yield Paced(lambda done, total, step: bar.update(task, completed=done, total=total, description=step))


@contextmanager
def _whole(output: Path) -> Iterator[IO[bytes]]:
    """The file takes its name once it is whole; what stood there before stays until then. A pipe stays a pipe."""
    if output.exists() and not output.is_file():
        with output.open("wb") as file:
            yield file
        return
    output = output.resolve()
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _answers() -> dict[str, str]:
    """What the kinds ask for, each name once."""
    said: dict[str, list[str]] = {}
    for kind in KINDS.values():
        for parameter in kind.parameters:
            said.setdefault(parameter.name, []).append(f"{parameter.type.help} ({kind.slug})")
    return {name: "; ".join(each) for name, each in said.items()}


def _catalogue() -> Iterator[str]:
    for kind in KINDS.values():
        yield f"{kind.slug}  {kind.title}: {kind.answers}"
        for parameter in kind.parameters:
            need = "" if parameter.required else ", if wanted"
            yield f"    --{parameter.name}  {parameter.title}: {parameter.type.help}{need}"
