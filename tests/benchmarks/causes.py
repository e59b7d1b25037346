"""Why a figure is short, as the profile of it showed. A line leaves with the shortfall."""

_PAGE = "of Python's time the page's query takes 32 %, middleware and log line 26 %, the caller 10 %"
_WRITE = "the trail's trigger and context; of Python's time locking, saving and reading the row anew take 18 % each"
_TRIGGER = "PostgreSQL prepares the trigger's expressions anew in each transaction; a slower commit hides it"

CAUSES: dict[str, str] = {
    "list-exact: CPU": f"the count reads each visible row; {_PAGE}",
    "list-capped: CPU": _PAGE,
    "list: CPU": _PAGE,
    "deep: CPU": _PAGE,
    "retrieve: CPU": "of Python's time the row takes 41 %, middleware and log line 31 %, the caller 15 %",
    "create: CPU": _WRITE,
    "update: CPU": _WRITE,
    "bulk: CPU": "each row is validated by itself, so that an error names its place",
    "mixed: CPU": "as its lists and its writes",
    "create, recorded": _TRIGGER,
    "save, recorded": _TRIGGER,
    "1,000 grants: list of 50": "each granted row is fetched before the first fifty are known",
    "100,000 grants: list of 50": "rows are walked in the order of names until fifty are granted ones",
}
