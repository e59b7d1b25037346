from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.access.api import views

router = SimpleRouter()
router.register("users", views.UserViewSet, basename="user")
router.register("roles", views.RoleViewSet, basename="role")
router.register("units", views.UnitViewSet, basename="unit")
router.register("access/assignments", views.AssignmentViewSet, basename="assignment")
router.register("access/grants", views.GrantViewSet, basename="grant")
urlpatterns = [
    *router.urls,
    path("access/me/", views.MeView.as_view(), name="me"),
]
