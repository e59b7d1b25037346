from django.urls import path

from apps.audit.web import views

urlpatterns = [path(".well-known/audit-keys", views.audit_keys, name="audit-keys")]
