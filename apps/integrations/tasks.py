"""Imports run in the background; their progress is seen while they run."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from apps.events.models import Work
from apps.events.work import job
from apps.integrations import services

LEASE = timedelta(minutes=30)


@job("integrations.check", title=_("Check of an import"), lease=LEASE)
def check(work: Work, *, batch: str) -> dict[str, int]:
    return services.run(batch, dry_run=True, progress=work.progress)


@job("integrations.import", title=_("Import"), lease=LEASE)
def load(work: Work, *, batch: str) -> dict[str, int]:
    return services.run(batch, dry_run=False, progress=work.progress)


@job("integrations.prune", title=_("Removal of files and values of old imports"))
def prune(work: Work) -> None:
    services.prune()
