"""Why a figure is short, as the profile of it showed. A line leaves with the shortfall."""

_BEFORE_THE_VIEW = "middleware, routing through 13 nested resolvers and the log line"
_PAGE = f"of Python's time {_BEFORE_THE_VIEW} take 23 %, the filter's form, built anew, 23 %, the page's query 27 %"
_FIELDS = "serializer fields are built anew for the body and for the answer"

CAUSES: dict[str, str] = {
    "list-exact: CPU": f"the count joins the units and reads each visible row; {_PAGE}",
    "list-capped: CPU": _PAGE,
    "list: CPU": _PAGE,
    "deep: CPU": _PAGE,
    "retrieve: CPU": f"of Python's time {_BEFORE_THE_VIEW} take 40 %, the row 24 %, the caller 11 %",
    "create: CPU": f"{_FIELDS}: 42 % of Python's time",
    "update: CPU": f"{_FIELDS}: 36 % of Python's time",
    "mixed: CPU": "as its lists and its writes",
    "1,000 grants: list of 50": "each granted row is fetched before the first fifty are known",
    "100,000 grants: list of 50": "rows are walked in the order of names until fifty are granted ones",
}
