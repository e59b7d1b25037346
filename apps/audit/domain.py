from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from apps.kernel.registry import Domain, Role, domains

domains.register(
    Domain(
        label="audit",
        api="apps.audit.api.urls",
        schedule={"audit.create_partitions": crontab(hour="2", minute="10")},
        roles=(
            Role(
                slug="auditor",
                title=_("Auditor"),
                permissions=("view_auditevent", "report_auditevent"),
                platform=True,
            ),
        ),
    )
)
