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
                ),
                platform=True,
            ),
        ),
    )
)
