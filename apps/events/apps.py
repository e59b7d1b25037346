from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class EventsConfig(AppConfig):
    name = "apps.events"

    def ready(self) -> None:
        from apps.events import checks, probes  # noqa: F401
        from apps.events.catalogue import catalogue
        from apps.kernel.documents import documents

        documents["events.md"] = catalogue
        autodiscover_modules("subscribers", "tasks")
