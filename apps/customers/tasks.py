from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.customers import services
from apps.events.work import Work, job


@job("customers.remind_dormant", title=_("Customers that nobody touched for a year fall dormant"))
def remind_dormant(work: Work) -> None:
    services.remind_dormant(now=timezone.now())
