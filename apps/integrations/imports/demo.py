"""Imports that were refused, for a trial: the rows they would have written are not there."""

from datetime import timedelta

from django.utils import timezone
from faker import Faker

from apps.access.models import Unit
from apps.integrations.imports.report import BadRow, Report
from apps.integrations.models import ImportBatch

REASONS = ("Not a number.", "Nothing here, and a value is required.", "No row has this key.")


def load(unit: Unit, faker: Faker, size: int) -> None:
    for age, reason in enumerate(REASONS, start=1):
        batch = ImportBatch(unit=unit, profile="northwind", state=ImportBatch.State.REFUSED, bad_count=1)
        batch.finished_at = timezone.now() - timedelta(days=age)
        report = Report(batch=str(batch.pk), profile=batch.profile, unit=unit.slug, dry_run=True)
        report.rows["orders.csv"] = {"read": size, "bad": 1}
        line = faker.random_int(2, size + 1)
        report.bad_rows.append(BadRow(file="orders.csv", line=line, column="freight", reason=reason))
        batch.report = report.as_dict()
        batch.save()
