from celery.schedules import crontab
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.audit.events import AlertRaised
from apps.kernel.registry import Domain, Role, domains

domains.register(
    Domain(
        label="audit",
        api="apps.audit.api.urls",
        web="apps.audit.web.urls",
        events=(AlertRaised,),
        schedule={
            "audit.create_partitions": crontab(hour="2", minute="10"),
            "audit.sum_refusals": crontab(),
            "audit.watch": crontab(),
            "audit.seal": settings.AUDIT_SEAL_EVERY,
            "audit.verify": crontab(hour="2", minute="40"),
            "audit.deliver": settings.AUDIT_SEAL_EVERY,
        },
        roles=(
            Role(
                slug="auditor",
                title=_("Auditor"),
                permissions=(
                    "view_auditevent",
                    "report_auditevent",
                    "view_alert",
                    "decide_alert",
                    "view_receiver",
                    "oversight.view_hourcount",
                    "oversight.view_reportdefinition",
                    "oversight.add_reportdefinition",
                    "oversight.change_reportdefinition",
                    "oversight.delete_reportdefinition",
                    "oversight.run_reportdefinition",
                    "oversight.view_reportrun",
                    "oversight.cancel_reportrun",
                    "oversight.download_reportrun",
                    "oversight.view_threshold",
                    "view_keepingperiod",
                    "view_legalhold",
                ),
                platform=True,
            ),
        ),
    )
)
