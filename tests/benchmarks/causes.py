"""Why a figure is short, as the profile of it showed. A line leaves with the shortfall."""

_PAGE = (
    "a filter's form is built for each request, 23 % of Python's time; the page's query takes 27 %, the caller a sixth"
)
_WRITE = "the trail's trigger and context, the lock of the row with its unit, and a save of every column"

CAUSES: dict[str, str] = {
    "list-exact: CPU": f"the count joins the units and reads each visible row; {_PAGE}",
    "list-capped: CPU": _PAGE,
    "list: CPU": _PAGE,
    "deep: CPU": _PAGE,
    "retrieve: CPU": "of Python's time the row takes 30 %, middleware and log line 30 %, the caller 18 %",
    "create: CPU": _WRITE,
    "update: CPU": _WRITE,
    "bulk: CPU": "each row is validated by itself, so that an error names its place",
    "mixed: CPU": "as its lists and its writes",
    "delete, recorded": "not found: in a transaction of its own the same delete takes a fifth of this",
    "1,000 grants: list of 50": "each granted row is fetched before the first fifty are known",
    "100,000 grants: list of 50": "rows are walked in the order of names until fifty are granted ones",
}
