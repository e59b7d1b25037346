"""Why a figure is short, as the profile of it showed. A line leaves with the shortfall."""

CAUSES: dict[str, str] = {}
