from uuid import UUID

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from apps.events import pruning
from apps.events.work import Work, execute, job


@shared_task(name="events.tasks.work")
def work(row_id: str) -> None:
    """The one Celery task: everything about the work is in its row."""
    execute(UUID(row_id))


@job("events.prune", title=_("Delete finished background work"))
def prune(work: Work) -> dict[str, int]:
    return pruning.prune()
