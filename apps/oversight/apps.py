from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OversightConfig(AppConfig):
    name = "apps.oversight"
    verbose_name = _("Oversight")

    def ready(self) -> None:
        from apps.audit.reports.configuration import configures

        configures("oversight.Threshold", "oversight.ReportDefinition", "oversight.Recipient")
