"""The pages of imports, of background work and of events."""

from apps.integrations.admin import background, imports

__all__ = ["background", "imports"]
