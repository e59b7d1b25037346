from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class IntegrationsConfig(AppConfig):
    name = "apps.integrations"

    def ready(self) -> None:
        autodiscover_modules("imports")
