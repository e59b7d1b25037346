"""Which kinds of rows decide how the system works."""

CONFIGURATION: set[str] = set()
"""Labels of models in lower case."""


def configures(*labels: str) -> None:
    """Enter kinds of rows; called when an app starts, by the floor that knows them."""
    CONFIGURATION.update(label.lower() for label in labels)


configures("access.Unit", "auth.Group", "auth.Group_permissions", "auth.Permission", "accounts.Application")
configures("audit.KeepingPeriod", "audit.LegalHold")
