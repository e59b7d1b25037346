from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


def _carry_context(*, connection: Any, **_signal: Any) -> None:
    from apps.audit.context import carry_context

    if connection.vendor == "postgresql" and carry_context not in connection.execute_wrappers:
        connection.execute_wrappers.append(carry_context)


class AuditConfig(AppConfig):
    name = "apps.audit"

    def ready(self) -> None:
        from apps.audit import probes  # noqa: F401
        from apps.audit.grants import grant_retention_role, grant_runtime_role
        from apps.audit.retention import declare_periods

        connection_created.connect(_carry_context, dispatch_uid="audit.context")
        post_migrate.connect(grant_runtime_role, sender=self, dispatch_uid="audit.grants")
        post_migrate.connect(grant_retention_role, sender=self, dispatch_uid="audit.retention_role")
        post_migrate.connect(declare_periods, sender=self, dispatch_uid="audit.periods")
