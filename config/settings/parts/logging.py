"""structlog."""
