from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.events.work import Work, job
from apps.files import services


@job("files.delete_expired", title=_("Delete files that are over"))
def delete_expired(work: Work) -> dict[str, int]:
    now = timezone.now()
    return {"deleted": services.delete_expired(now=now), "unknown": services.delete_unknown(now=now)}
