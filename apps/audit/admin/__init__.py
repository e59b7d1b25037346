"""The trail in the admin, and the history of every record."""

from apps.audit.admin import entries, history

__all__ = ["entries", "history"]
