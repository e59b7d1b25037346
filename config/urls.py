"""Every mount. A domain names its own in its `domain.py`."""

from django.contrib import admin
from django.urls import include, path

from apps.kernel.registry import domains

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    *(path("api/v1/", include(domain.api)) for domain in domains if domain.api),
    *(path("", include(domain.web)) for domain in domains if domain.web),
]
