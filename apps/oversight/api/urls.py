from rest_framework.routers import SimpleRouter

from apps.oversight.api.views import KindViewSet, ReportDefinitionViewSet, ReportRunViewSet

router = SimpleRouter()
router.register("audit/reports/kinds", KindViewSet, basename="report-kind")
router.register("audit/reports/runs", ReportRunViewSet)
router.register("audit/reports", ReportDefinitionViewSet)
urlpatterns = router.urls
