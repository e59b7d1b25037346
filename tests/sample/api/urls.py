from rest_framework.routers import SimpleRouter

from tests.sample.api.views import DealViewSet, LineViewSet, PersonViewSet

router = SimpleRouter()
router.register("sample/people", PersonViewSet)
router.register("sample/deals", DealViewSet)
router.register("sample/lines", LineViewSet)
urlpatterns = router.urls
