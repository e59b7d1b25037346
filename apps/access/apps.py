from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "apps.access"
    verbose_name = _("people and access")

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from apps.access import checks, services, sync  # noqa: F401
        from apps.access.routes import openapi, permission_table
        from apps.accounts.services import DEACTIVATION
        from apps.kernel.documents import documents

        post_migrate.connect(sync.sync_roles, dispatch_uid="access.sync_roles")
        documents["permissions.md"] = permission_table
        documents["openapi.json"] = openapi
        DEACTIVATION.register(services.last_administrator)
        autodiscover_modules("start")
