from rest_framework.routers import SimpleRouter

from apps.privacy.api.views import PrivacyRequestViewSet

router = SimpleRouter()
router.register("privacy/requests", PrivacyRequestViewSet)
urlpatterns = router.urls
