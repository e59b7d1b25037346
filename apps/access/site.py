"""The admin's site: third parties' own pages know no unit and no role, so they are not on it."""

from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from unfold.sites import UnfoldAdminSite

from apps.access.lists import Autocomplete


class Site(UnfoldAdminSite):
    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """A page of ours without a policy is registered all the same, and the system check refuses it."""
        if admin_class is not None and (hasattr(admin_class, "may") or admin_class.__module__.startswith("apps.")):
            super().register(model_or_iterable, admin_class, **options)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return Autocomplete.as_view(admin_site=self)(request)


class SiteConfig(AdminConfig):
    default_site = "apps.access.site.Site"
