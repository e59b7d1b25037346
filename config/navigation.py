"""The menu of the admin, made of what is registered: what waits, then business, then the platform."""

from itertools import groupby
from typing import Any, cast

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.access.admin.base import RecordAdmin
from apps.accounts.models import User
from apps.reports.registry import reports_for

FIRST = "start"
"""The part of the menu that has no heading."""


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Pages stand under the app whose `admin` declares them, in the order in which it does, or in the `section` that
    they name. Only what the reader may open is there."""
    pages = [page for page in admin.site._registry.values() if page.has_module_permission(request)]
    sections = {label: list(items) for label, items in groupby(sorted(pages, key=_place), key=_section)}
    start = [
        {"title": _("Start"), "icon": "home", "link": reverse("admin:index")},
        *(_item(page) for page in sections.pop(FIRST, [])),
    ]
    if reports_for(cast("User", request.user)):
        start.append({"title": _("Reports"), "icon": "summarize", "link": reverse("reports")})
    return [
        {"items": start},
        *(
            {
                "title": capfirst(apps.get_app_config(label).verbose_name),
                "separator": True,
                "items": [_item(page) for page in items],
            }
            for label, items in sections.items()
        ),
    ]


def _section(page: admin.ModelAdmin) -> str:
    app = apps.get_containing_app_config(type(page).__module__)
    own = app.label if isinstance(app, AppConfig) else page.opts.app_label
    return (page.section if isinstance(page, RecordAdmin) else "") or own


def _place(page: admin.ModelAdmin) -> tuple[bool, str]:
    section = _section(page)
    return section in settings.PLATFORM_APPS, section


def _item(page: admin.ModelAdmin) -> dict[str, Any]:
    title, icon = (page.title, page.icon) if isinstance(page, RecordAdmin) else ("", "table_rows")
    return {
        "title": title or capfirst(page.opts.verbose_name_plural),
        "icon": icon,
        "link": reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist"),
    }
