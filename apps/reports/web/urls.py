from django.urls import path

from apps.reports.web import views

urlpatterns = [
    path("reports/", views.catalogue, name="reports"),
    path("reports/<slug:slug>.csv", views.download, name="report"),
]
