from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from apps.kernel.registry import Domain, Role, domains
from apps.privacy.events import RequestFulfilled, RequestOpened

domains.register(
    Domain(
        label="privacy",
        api="apps.privacy.api.urls",
        events=(RequestOpened, RequestFulfilled),
        schedule={"privacy.expire": crontab(minute="40")},
        roles=(
            Role(
                slug="data-protection-officer",
                title=_("Data protection officer"),
                permissions=(
                    "view_privacyrequest",
                    "add_privacyrequest",
                    "cancel_privacyrequest",
                    "download_privacyrequest",
                    "audit.view_auditevent",
                    "audit.report_auditevent",
                    "audit.redact_auditevent",
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
                    "oversight.add_threshold",
                    "oversight.change_threshold",
                    "audit.view_keepingperiod",
                    "audit.view_legalhold",
                    "audit.add_legalhold",
                    "audit.release_legalhold",
                ),
                platform=True,
            ),
        ),
    )
)
