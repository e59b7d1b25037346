from django.urls import re_path
from rest_framework.routers import SimpleRouter

from apps.audit.api.views import AuditEventViewSet

router = SimpleRouter()
router.register("audit/events", AuditEventViewSet)
report = AuditEventViewSet.as_view({"get": "report"}, detail=False, verb="report")
urlpatterns = [re_path(r"^audit/events/report\.(?P<form>csv|jsonl)$", report, name="audit-report"), *router.urls]
