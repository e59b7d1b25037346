"""No door without a policy: the system does not start while one stands open by mistake."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.checks import Error, register
from django.urls import get_resolver

from apps.access.routes import callbacks


def own_policy(reason: str) -> Callable[[Any], Any]:
    """Declare that a view under `/api/` decides itself who may use it, and say why that is right."""

    def declare(view: Any) -> Any:
        view.policy = reason
        return view

    return declare


def _is_declared(callback: Any) -> bool:
    view = getattr(callback, "cls", None)
    return bool(hasattr(view, "required_permission") or getattr(view, "policy", "") or getattr(callback, "policy", ""))


@register
def every_door_has_a_policy(**kwargs: Any) -> list[Error]:
    return [
        Error(
            f"/{path} has no access policy.",
            hint="Build the view on apps.access.api.base, or mark it with apps.access.checks.own_policy and a reason.",
            obj=getattr(callback, "cls", callback),
            id="access.E001",
        )
        for path, callback in callbacks(get_resolver())
        if path.startswith("api/") and not _is_declared(callback)
    ]


@register
def every_admin_has_a_policy(**kwargs: Any) -> list[Error]:
    return [
        Error(
            f"The admin of {model._meta.label} has no access policy.",
            hint="Build it on apps.access.admin.base.RecordAdmin or UnitRecordAdmin.",
            obj=type(model_admin),
            id="access.E002",
        )
        for model, model_admin in admin.site._registry.items()
        if not hasattr(model_admin, "may")
    ]
