"""What a table must be before a spreadsheet opens it."""

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


def neutral(cell: Any) -> Any:
    """A text that a spreadsheet would run as a formula is led by an apostrophe (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
