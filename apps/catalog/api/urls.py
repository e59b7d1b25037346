from rest_framework.routers import SimpleRouter

from apps.catalog.api import views

router = SimpleRouter()
router.register("categories", views.CategoryViewSet)
router.register("suppliers", views.SupplierViewSet)
router.register("products", views.ProductViewSet)
router.register("prices", views.PriceViewSet)
router.register("stock", views.StockViewSet)
router.register("stock-movements", views.StockMovementViewSet)
router.register("reservations", views.ReservationViewSet)
urlpatterns = router.urls
