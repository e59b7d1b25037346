"""The processing activity behind customers (Art. 30 GDPR)."""

from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="customers.care",
        title="Customer care",
        purpose="To conclude and fulfil contracts with customers and to speak with the people who act for them.",
        basis="A6-1-b",
        categories_of_subjects=("customers", "contact persons of customers"),
        recipients=("sales staff", "carriers, for a delivery: name and address"),
        measures=("Only roles of customers see them, each in its own unit.", "Every change stands in the audit trail."),
    )
)
