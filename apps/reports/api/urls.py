from rest_framework.routers import SimpleRouter

from apps.reports.api.views import ExportViewSet

router = SimpleRouter()
router.register("exports", ExportViewSet)
urlpatterns = router.urls
