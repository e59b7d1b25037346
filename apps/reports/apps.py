from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ReportsConfig(AppConfig):
    name = "apps.reports"

    def ready(self) -> None:
        autodiscover_modules("reports")
