"""The menu of the admin, made of what is registered: business first, the platform below."""

from itertools import groupby
from typing import Any, cast

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Pages stand under the app whose `admin` declares them, in the order in which it does."""
    start = [
        {"title": _("Start"), "icon": "home", "link": reverse("admin:index")},
        {"title": _("Reports"), "icon": "summarize", "link": reverse("reports")},
    ]
    pages = sorted(admin.site._registry.values(), key=_place)
    groups = groupby(pages, key=_app)
    return [
        {"items": start},
        *(
            {"title": capfirst(app.verbose_name), "separator": True, "items": items}
            for app, mine in groups
            if (items := [_item(page) for page in mine if page.has_module_permission(request)])
        ),
    ]


def _app(page: admin.ModelAdmin) -> AppConfig:
    return cast("AppConfig", apps.get_containing_app_config(type(page).__module__))


def _place(page: admin.ModelAdmin) -> tuple[bool, str]:
    app = _app(page)
    return app.label in settings.PLATFORM_APPS, app.label


def _item(page: admin.ModelAdmin) -> dict[str, Any]:
    return {
        "title": capfirst(page.opts.verbose_name_plural),
        "icon": page.icon,  # type: ignore[attr-defined]
        "link": reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist"),
    }
