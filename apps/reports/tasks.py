from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.events.work import Work, job
from apps.reports import services
from apps.reports.bulk import carry_out as carry_out_action


@job("reports.export", title=_("Export"), lease=timedelta(minutes=5), attempts=3)
def make(work: Work, *, export: str) -> dict[str, object]:
    return services.make(UUID(export), progress=work.progress)


@job("reports.bulk_action", title=_("One step for many records"), lease=timedelta(minutes=5), attempts=3)
def carry_out(work: Work, *, bulk: str) -> dict[str, object]:
    return carry_out_action(UUID(bulk), progress=work.progress)


@job("reports.prune", title=_("Removal of old exports"))
def prune(work: Work) -> dict[str, int]:
    return {"deleted": services.prune(now=timezone.now())}
