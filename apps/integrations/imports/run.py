"""One import from beginning to end: all of it in one transaction, or nothing."""

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from django.db import connection, models, transaction
from django.utils import timezone

from apps.access.models import Unit
from apps.access.services import create_unit
from apps.access.version import RowVersion
from apps.accounts.models import User
from apps.events.bus import publish_all
from apps.integrations.imports.profile import Profile, UnitRule, has_unit
from apps.integrations.imports.registry import announcements, settlers
from apps.integrations.imports.report import BadRow, Report
from apps.integrations.imports.source import read_table
from apps.integrations.imports.writer import Writer, Written, check_constraints, chunks
from apps.integrations.models import ImportBatch, ImportedRow
from apps.kernel.errors import BusinessError, NotPermitted
from apps.kernel.trail import because

Progress = Callable[[int, int], None]


class SayWhichUnit(BusinessError):
    """There are several units. Say into which one the rows belong."""

    code = "unit_required"


class NoSuchUnit(BusinessError):
    """There is no unit of this name, slug or path."""

    code = "no_such_unit"


class ImportNotPermitted(NotPermitted):
    """Your roles do not allow this import into this unit."""

    code = "import_not_permitted"


def find_unit(said: str) -> Unit:
    """By slug or path, which are unique, or by a name that only one unit has."""
    found = Unit.objects.filter(models.Q(slug=said) | models.Q(path=said))[:1] or Unit.objects.filter(name=said)[:2]
    units = list(found)
    if len(units) > 1:
        raise SayWhichUnit(f"Several units are called {said}. Name one by its slug or path.")
    if not units:
        raise NoSuchUnit(f"There is no unit {said}. Create it first, or name another by its name, slug or path.")
    return units[0]


def choose_unit(profile: Profile, said: str) -> Unit:
    """The named unit, the one that the profile asks for, or the only one."""
    if said:
        return find_unit(said)
    if profile.unit:
        return _unit_of_profile(profile.unit)
    units = list(Unit.objects.all()[:2])
    if len(units) != 1:
        raise SayWhichUnit if units else NoSuchUnit("There is no unit yet. Create one first.")
    return units[0]


def _unit_of_profile(rule: UnitRule) -> Unit:
    _lock(f"unit:{rule.slug}")
    if unit := Unit.objects.filter(slug=rule.slug).first():
        return unit
    if not rule.create:
        raise NoSuchUnit(f"There is no unit {rule.slug}, and the profile does not ask to create it.")
    root = Unit.objects.filter(parent=None).order_by("created_at").first()
    return create_unit(name=rule.name, slug=rule.slug, parent=root)


def _lock(name: str) -> None:
    """Held to the end of the transaction: two imports into one unit go one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"import:{name}"])


def demanded(profile: Profile) -> list[str]:
    """The permissions without which a person cannot run this profile."""
    needed = [
        f"{model._meta.app_label}.{verb}_{model._meta.model_name}"
        for model in profile.targets
        if has_unit(model)
        for verb in ("add", "change")
    ]
    needed += [f"{model._meta.app_label}.view_{model._meta.model_name}" for model in profile.references]
    return list(dict.fromkeys(needed))


def check_permitted(user: User, profile: Profile, unit: Unit) -> None:
    if missing := [permission for permission in demanded(profile) if not user.has_perm(permission, unit)]:
        raise ImportNotPermitted(
            "Your roles do not allow this import into this unit. Missing: " + ", ".join(missing) + ".", missing=missing
        )


def run_import(
    profile: Profile,
    folder: Path,
    *,
    unit: str = "",
    user: User | None = None,
    dry_run: bool = False,
    skip_bad: bool = False,
    progress: Progress | None = None,
    batch: ImportBatch | None = None,
) -> Report:
    """Import the files of a folder. With a user, his permissions in the unit are demanded.

    Bad rows keep everything out, unless `skip_bad`; a file that cannot be used keeps everything out in any case. A dry
    run writes, lets the database judge, and takes all of it back.
    """
    begun = time.monotonic()
    with transaction.atomic():
        chosen = batch.unit if batch else choose_unit(profile, unit)
        if user is not None:
            check_permitted(user, profile, chosen)
        _lock(str(chosen.pk))
        batch = batch or ImportBatch(profile=profile.name, unit=chosen, requested_by=user, skip_bad=skip_bad)
        report = Report(batch=str(batch.pk), profile=profile.name, unit=chosen.slug, dry_run=dry_run)
        with because(f"Import {profile.name}", batch=str(batch.pk)):
            writer = _write_files(profile, folder, chosen, report, progress)
            _settle(writer.written, report)
            report.written = not dry_run and not report.fatal and (skip_bad or not report.bad_rows)
            report.seconds = time.monotonic() - begun
            if report.written:
                _announce(writer.written, chosen)
                check_constraints()
                finish(batch, report)
                _remember(batch, writer.written)
            else:
                transaction.set_rollback(True)
    report.seconds = time.monotonic() - begun
    return report


def finish(batch: ImportBatch, report: Report) -> None:
    """Keep what the import did on its batch."""
    batch.state = ImportBatch.State.DONE if report.written else ImportBatch.State.REFUSED
    batch.report = report.as_dict()
    batch.created_count, batch.changed_count = report.created, report.changed
    batch.bad_count = len(report.bad_rows)
    batch.finished_at = timezone.now()
    batch.save()


def _write_files(profile: Profile, folder: Path, unit: Unit, report: Report, progress: Progress | None) -> Writer:
    writer = Writer(unit, report)
    sizes = {file.name: path.stat().st_size for file in profile.files if (path := folder / file.name).is_file()}
    done = 0
    for file in profile.files:
        if file.optional and file.name not in sizes:
            continue
        table = read_table(folder / file.name, file.columns, set(file.ignore), file.form)
        report.bad_rows += table.bad
        if table.usable:
            writer.write(file, table.lines)
        else:
            report.fatal = True
            writer.unread |= {rule.model for rule in file.models}
        bad = len({row.line for row in report.bad_rows if row.file == file.name and row.line > 1})
        report.rows[file.name] = {"read": table.read, "bad": bad}
        done += sizes.get(file.name, 0)
        if progress:
            progress(done, sum(sizes.values()))
    return writer


def roots(written: list[Written]) -> dict[str, list[object]]:
    """The aggregates that were written or of which a part was, by the label of their model."""
    found: dict[str, dict[object, None]] = defaultdict(dict)
    for each in written:
        rows = [*each.created, *(row for row, _ in each.changed)]
        through = getattr(each.model, "granted_through", "")
        root = each.model._meta.get_field(through).related_model if through else each.model
        keys = (getattr(row, f"{through}_id") if through else row.pk for row in rows)
        found[root._meta.label_lower].update(dict.fromkeys(keys))  # type: ignore[union-attr]
    return {label: list(keys) for label, keys in found.items()}


def _settle(written: list[Written], report: Report) -> None:
    touched = roots(written)
    for label, settle in settlers().items():
        if label not in touched:
            continue
        try:
            with transaction.atomic():
                settle(touched[label])  # type: ignore[arg-type]
        except BusinessError as refusal:
            report.fatal = True
            report.bad_rows.append(BadRow(file="", line=0, model=label, reason=str(refusal)))


def _announce(written: list[Written], unit: Unit) -> None:
    for each in written:
        said = announcements(each.model._meta.label_lower)
        if said.created:
            publish_all([said.created(row) for row in each.created], unit=unit.pk)
        if said.changed:
            publish_all([said.changed(row) for row, _ in each.changed], unit=unit.pk)


def _remember(batch: ImportBatch, written: list[Written]) -> None:
    position = 0
    for each in written:
        entries = [(row, None) for row in each.created] + list(each.changed)
        for chunk in chunks(entries):
            keys = [row.pk for row, _ in chunk]
            rows = each.model._base_manager.filter(pk__in=keys).annotate(row_version=RowVersion())
            versions = dict(rows.values_list("pk", "row_version"))
            ImportedRow.objects.bulk_create(
                ImportedRow(
                    batch=batch,
                    position=position + index,
                    model=each.model._meta.label_lower,
                    object=str(row.pk),
                    created=before is None,
                    before=before,
                    version=versions[row.pk],
                )
                for index, (row, before) in enumerate(chunk)
            )
            position += len(chunk)
