from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.events.work import Work, job
from apps.privacy import services

LEASE = timedelta(minutes=30)


@job("privacy.export", title=_("Export of a person"), lease=LEASE)
def export(work: Work, *, request: str) -> dict[str, int]:
    return services.fulfil_access(UUID(request), work=work)


@job("privacy.expire", title=_("End requests whose package nobody fetched"))
def expire(work: Work) -> dict[str, int]:
    return {"expired": services.expire(now=timezone.now())}
