from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.module_loading import autodiscover_modules


def _count_statements(*, connection: Any, **_signal: Any) -> None:
    from apps.kernel.metrics import count_statement

    if count_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(count_statement)


class KernelConfig(AppConfig):
    name = "apps.kernel"

    def ready(self) -> None:
        connection_created.connect(_count_statements, dispatch_uid="kernel.statements")
        autodiscover_modules("privacy", "domain")
