"""Every mount. A domain names its own in its `domain.py`."""

from importlib import import_module

from django.contrib import admin
from django.urls import include, path, re_path
from django.urls.resolvers import RoutePattern
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from apps.access.checks import own_policy
from apps.kernel import pages, probes
from apps.kernel.registry import domains
from apps.kernel.routing import Resources

resources = [pattern for domain in domains if domain.api for pattern in import_module(domain.api).urlpatterns]
urlpatterns = [
    Resources(RoutePattern("api/v1/"), resources),
    path("livez", probes.livez, name="livez"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.figures, name="metrics"),
    path(".well-known/security.txt", probes.security_txt, name="security-txt"),
    path("robots.txt", probes.robots_txt, name="robots-txt"),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include("apps.accounts.web.admin_urls")),
    path("admin/", admin.site.urls),
    path("", include("apps.accounts.web.urls")),
    path("problems/", pages.problems, name="problems"),
    path(
        "api/v1/openapi.json",
        own_policy("It describes the API and holds no row.")(SpectacularJSONAPIView.as_view(permission_classes=[])),
        name="openapi",
    ),
    path(
        "api/v1/docs/",
        own_policy("It shows the description of the API.")(
            SpectacularSwaggerSplitView.as_view(url_name="openapi", permission_classes=[])
        ),
        name="api-docs",
    ),
    re_path("^api/", own_policy("There is nothing.")(csrf_exempt(pages.not_found)), name="nothing"),
    *(path("", include(domain.web)) for domain in domains if domain.web),
]
handler400 = pages.bad_request
handler403 = pages.permission_denied
handler404 = pages.not_found
handler500 = pages.server_error
