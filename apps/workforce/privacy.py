"""The processing activity behind the workforce (Art. 30 GDPR)."""

from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="workforce.employment",
        title="Employment",
        purpose="To carry out employments: who works where, for whom and when, and to reach them.",
        basis="A6-1-b",
        art9="A9-2-b",
        categories_of_subjects=("employees",),
        recipients=("HR staff", "managers"),
        measures=("Fields of HR and absences are shown to HR roles only.",),
    )
)
