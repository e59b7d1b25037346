from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "apps.access"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from apps.access import checks, services, sync  # noqa: F401
        from apps.accounts.services import DEACTIVATION

        post_migrate.connect(sync.sync_roles, dispatch_uid="access.sync_roles")
        DEACTIVATION.register(services.last_administrator)
