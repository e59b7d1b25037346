from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.events.work import Work, enqueue, job
from apps.oversight import reporting
from apps.oversight.anomalies import counts, rules


@job("oversight.watch", title=_("Count the audit trail and look for what stands out"), lease=timedelta(minutes=10))
def watch(work: Work) -> dict[str, int]:
    """What is more than one transaction should hold is counted by the next job, at once."""
    counted, days = counts.count_on()
    if counted == counts.CHUNK:
        enqueue("oversight.watch")
    return {"counted": counted, "raised": rules.judge(days, now=timezone.now())}


@job("oversight.forget", title=_("Delete counts of the audit trail that are over"))
def forget(work: Work) -> dict[str, int]:
    return {"deleted": counts.forget(now=timezone.now())}


@job("oversight.report", title=_("Report of the audit trail"), lease=timedelta(minutes=5), attempts=3)
def make_report(work: Work, *, run: str) -> dict[str, object]:
    return reporting.carry_out(UUID(run), progress=work.progress)


@job("oversight.due_reports", title=_("Begin the reports that are due"))
def begin_due_reports(work: Work) -> dict[str, int]:
    return {"begun": reporting.run_due(now=timezone.now())}


@job("oversight.prune_reports", title=_("Delete reports made a year ago"))
def prune_reports(work: Work) -> dict[str, int]:
    return {"deleted": reporting.prune(now=timezone.now())}
