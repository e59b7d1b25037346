from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "apps.privacy"

    def ready(self) -> None:
        from apps.kernel.documents import documents
        from apps.privacy import checks  # noqa: F401
        from apps.privacy.lock import lock
        from apps.privacy.register import register_json, register_markdown

        documents["privacy.lock"] = lock
        documents["privacy-register.md"] = register_markdown
        documents["privacy-register.json"] = register_json
