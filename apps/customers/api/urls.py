from rest_framework.routers import SimpleRouter

from apps.customers.api.views import AddressViewSet, ContactViewSet, CustomerViewSet

router = SimpleRouter()
router.register("customers", CustomerViewSet)
router.register("contacts", ContactViewSet)
router.register("addresses", AddressViewSet)
urlpatterns = router.urls
