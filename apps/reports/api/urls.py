from rest_framework.routers import SimpleRouter

from apps.reports.api.views import ExportViewSet, ReportViewSet

router = SimpleRouter()
router.register("exports", ExportViewSet)
router.register("reports", ReportViewSet, basename="report")
urlpatterns = router.urls
