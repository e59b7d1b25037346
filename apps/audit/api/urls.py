from django.urls import re_path
from rest_framework.routers import SimpleRouter

from apps.audit.api.views import AlertViewSet, AuditEventViewSet, LegalHoldViewSet

router = SimpleRouter()
router.register("audit/events", AuditEventViewSet)
router.register("audit/alerts", AlertViewSet)
router.register("audit/holds", LegalHoldViewSet)
report = AuditEventViewSet.as_view({"get": "report"}, detail=False, verb="report")
urlpatterns = [re_path(r"^audit/events/report\.(?P<form>csv|jsonl)$", report, name="audit-report"), *router.urls]
