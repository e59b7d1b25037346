from apps.audit.coverage import coverage
from apps.kernel.health import NotReady, ready


@ready("audit")
def _audit() -> str:
    found = coverage()
    faults = [table.table for table in found if table.fault]
    if faults:
        raise NotReady(f"Not tracked as they should be: {', '.join(faults)}. See `manage.py audit coverage`.")
    return f"{sum(1 for table in found if not table.exempt)} tables tracked."
