from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class EventsConfig(AppConfig):
    name = "apps.events"

    def ready(self) -> None:
        from apps.events import checks, probes  # noqa: F401

        autodiscover_modules("subscribers", "tasks")
