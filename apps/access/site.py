"""Which site the admin is; Django reads this before any model."""

from django.contrib.admin.apps import AdminConfig


class SiteConfig(AdminConfig):
    default_site = "apps.access.staff_site.Site"
