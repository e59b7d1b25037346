from rest_framework.routers import SimpleRouter

from apps.orders.api import views

router = SimpleRouter()
router.register("shippers", views.ShipperViewSet)
router.register("orders", views.OrderViewSet)
urlpatterns = router.urls
