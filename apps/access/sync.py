"""The roles of the manifests as groups of Django, after each migrate."""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ImproperlyConfigured

from apps.kernel.registry import Role, domains


def sync_roles(app_config: AppConfig, using: str = "default", **kwargs: Any) -> None:
    """Every role that this app declares gets exactly its permissions; a role that nobody declares loses its own."""
    for label, role in domains.roles():
        if label == app_config.label:
            _sync(label, role, using)
    if app_config.label == "access":
        declared = [role.slug for _label, role in domains.roles()]
        for group in Group.objects.using(using).exclude(name__in=declared):
            group.permissions.clear()


def _parted(name: str, label: str) -> tuple[str, str]:
    app_label, dot, codename = name.partition(".")
    return (app_label, codename) if dot else (label, name)


def _sync(label: str, role: Role, using: str) -> None:
    wanted = [_parted(name, label) for name in role.permissions]
    for app_label in {app_label for app_label, _codename in wanted}:
        # Django's own receiver may be waiting behind us.
        create_permissions(apps.get_app_config(app_label), verbosity=0, interactive=False, using=using)
    found = {
        (permission.content_type.app_label, permission.codename): permission
        for permission in Permission.objects.using(using).select_related("content_type")
    }
    missing = [".".join(name) for name in wanted if name not in found]
    if missing:
        raise ImproperlyConfigured(f"The role {role.slug} names permissions that no model has: {', '.join(missing)}.")
    group, _created = Group.objects.using(using).get_or_create(name=role.slug)
    present = set(group.permissions.using(using).values_list("pk", flat=True))
    if present != {found[name].pk for name in wanted}:
        group.permissions.set([found[name] for name in wanted])
