"""The processing activity behind roles and grants (Art. 30 GDPR)."""

from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="platform.access",
        title="Rights of staff and partner systems",
        purpose="To let everybody see and change only what their task needs, and to show later who was allowed what.",
        basis="A6-1-f",
        categories_of_subjects=("staff", "partners' services"),
        recipients=("administrators", "access reviewers"),
        measures=("Roles are held in a unit and end on a date.", "Every change stands in the audit trail."),
    )
)
