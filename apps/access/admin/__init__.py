"""The pages of users, units, roles and keys."""

from apps.access.admin import keys, people, units

__all__ = ["keys", "people", "units"]
