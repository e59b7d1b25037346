"""The trail in the admin, the alerts about it, the history of every record, who has what, and how long it is kept."""

from apps.audit.admin import alerts, entries, history, receivers, retention

__all__ = ["alerts", "entries", "history", "receivers", "retention"]
