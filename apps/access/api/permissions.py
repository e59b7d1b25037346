"""The one question of the API."""

from typing import TYPE_CHECKING

from django.db.models import Model
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from apps.access.api.base import AccessView


class RolePermission(BasePermission):
    """May this user (and this token) do this verb, here?"""

    def has_permission(self, request: Request, view: "AccessView") -> bool:
        if not request.user.is_authenticated or not hasattr(view, "required_permission"):
            return False
        if view.action in {None, "metadata"}:
            return True  # no such method: 405 follows
        permission = view.required_permission()
        app_label = permission.split(".", 1)[0]
        if request.auth is not None and not request.auth.allows(app_label, request.method not in SAFE_METHODS):
            return False
        # Which rows of a unit there are, only their readers know. Others are refused before a row is looked for.
        is_looked_for = view.detail and view.visible_is_permitted
        return is_looked_for or request.user.has_perm(permission) or view.opened_by_grants()

    def has_object_permission(self, request: Request, view: "AccessView", obj: Model) -> bool:
        return request.user.has_perm(view.required_permission(), obj)
