"""The admin's site: third parties' own pages know no unit and no role, so they are not on it."""

from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from apps.access.lists import Autocomplete
from apps.access.panels import panel_for, panels_for

AT_ONCE = 4
"""So many panels are part of the page; further ones come by themselves, as those that count over many rows do."""


class Site(UnfoldAdminSite):
    index_title = _("Start")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """A page of ours without a policy is registered all the same, and the system check refuses it."""
        if admin_class is not None and (hasattr(admin_class, "may") or admin_class.__module__.startswith("apps.")):
            super().register(model_or_iterable, admin_class, **options)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return cast("HttpResponse", Autocomplete.as_view(admin_site=self)(request))

    def get_urls(self) -> list[Any]:
        """Without Django's way to the public page of any row, which tells everybody which keys there are."""
        return [each for each in super().get_urls() if getattr(each, "name", None) != "view_on_site"]

    def extra_urls(self) -> list[Any]:
        return [path("start/<slug:name>/", self.admin_view(self.panel), name="start_panel")]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What the reader needs first."""
        user: Any = request.user
        shown = [
            (panel, None if panel.later or position >= AT_ONCE else panel.content(user))
            for position, panel in enumerate(panels_for(user))
        ]
        shown.sort(key=lambda one: (one[0].place, one[1] is not None and one[1].is_empty))
        return super().index(request, {"panels": shown, **(extra_context or {})})

    def panel(self, request: HttpRequest, name: str) -> HttpResponse:
        user: Any = request.user
        panel = panel_for(user, name)
        if panel is None:
            raise Http404
        return TemplateResponse(request, "admin/start/content.html", {"panel": panel, "content": panel.content(user)})
