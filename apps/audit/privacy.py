from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="platform.audit",
        title="Audit trail",
        purpose="To prove who changed or read what, when and why.",
        basis="A6-1-c",
        categories_of_subjects=("staff", "partners", "people whose data is processed"),
        measures=("append-only table", "separate database roles", "personal values kept apart and erasable"),
    )
)
