from django.urls import path

from apps.reports.web import exports, jobs, views

urlpatterns = [
    path("reports/", views.catalogue, name="reports"),
    path("reports/<slug:slug>/runs/", views.run, name="run_report"),
    path("reports/lists/<str:label>/", exports.export_list, name="export_list"),
    path("reports/exports/<uuid:pk>/file/", exports.file, name="export_file"),
    path("reports/jobs/<uuid:pk>/", jobs.job, name="job"),
    path("reports/jobs/<uuid:pk>/cancel/", jobs.cancel, name="cancel_job"),
]
