from apps.audit.exemptions import exempt
from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="integrations.imports",
        title="Import of legacy data",
        purpose="To take over the records of an earlier system, once, and to be able to take them back.",
        basis="A6-1-f",
        categories_of_subjects=("customers", "suppliers", "employees"),
        measures=("uploaded files are deleted after the import", "reports hold no personal value"),
    )
)
exempt("integrations.ImportedRow", "What undoing needs. Each row that it names has its own entry with the batch.")
