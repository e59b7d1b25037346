from celery.schedules import crontab
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.audit.events import AlertRaised
from apps.kernel.registry import Domain, Role, domains

domains.register(
    Domain(
        label="audit",
        api="apps.audit.api.urls",
        events=(AlertRaised,),
        schedule={
            "audit.create_partitions": crontab(hour="2", minute="10"),
            "audit.seal": settings.AUDIT_SEAL_EVERY,
        },
        roles=(
            Role(
                slug="auditor",
                title=_("Auditor"),
                permissions=("view_auditevent", "report_auditevent", "view_alert", "decide_alert"),
                platform=True,
            ),
        ),
    )
)
