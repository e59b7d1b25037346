"""django-unfold."""

UNFOLD = {"SITE_TITLE": "Steward", "SITE_HEADER": "Steward"}
