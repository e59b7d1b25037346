"""What a token may be narrowed to: reading or writing one domain. A scope never widens what a role allows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from oauth2_provider.scopes import BaseScopes

from apps.kernel.registry import domains

if TYPE_CHECKING:
    from apps.accounts.models import Application


def all_scopes() -> dict[str, str]:
    """Scope → what it opens, for every app of which some role carries a permission."""
    labels = {
        permission.split(".")[0] if "." in permission else label
        for label, role in domains.roles()
        for permission in role.permissions
    }
    known: dict[str, str] = {}
    for label in sorted(labels):
        known[f"{label}:read"] = f"Read {label}"
        known[f"{label}:write"] = f"Change {label}"
    return known


class RegisteredScopes(BaseScopes):
    """A client gets at most what is registered for it. Asking for nothing gets the registered reading scopes only."""

    def get_all_scopes(self) -> Mapping[str, str]:
        return all_scopes()

    def get_available_scopes(
        self, application: "Application | None" = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        known = all_scopes()
        return list(known) if application is None else [scope for scope in application.scopes if scope in known]

    def get_default_scopes(
        self, application: "Application | None" = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        if application is None:
            return []
        return [scope for scope in self.get_available_scopes(application) if scope.endswith(":read")]
