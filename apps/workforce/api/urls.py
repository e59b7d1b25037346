from rest_framework.routers import SimpleRouter

from apps.workforce.api import views

router = SimpleRouter()
router.register("employees", views.EmployeeViewSet)
router.register("employee-territories", views.EmployeeTerritoryViewSet)
router.register("departments", views.DepartmentViewSet)
router.register("positions", views.PositionViewSet)
router.register("territories", views.TerritoryViewSet)
router.register("regions", views.RegionViewSet)
router.register("absences", views.AbsenceViewSet)
urlpatterns = router.urls
