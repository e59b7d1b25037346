from django.utils.translation import gettext_lazy as _

from apps.events.work import Work, job
from apps.notifications import services


@job("notifications.mail", title=_("Mail notices"))
def mail(work: Work) -> dict[str, int]:
    return {"sent": services.mail_waiting()}
