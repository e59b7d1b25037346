from rest_framework.routers import SimpleRouter

from apps.integrations.api.views import EventViewSet, ImportViewSet, JobViewSet

router = SimpleRouter()
router.register("imports", ImportViewSet)
router.register("jobs", JobViewSet)
router.register("events", EventViewSet)
urlpatterns = router.urls
