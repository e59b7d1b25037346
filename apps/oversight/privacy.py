from apps.audit.exemptions import exempt
from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="oversight.anomalies",
        title="Days that stand out in the audit trail",
        purpose="To notice when somebody's access is misused, by counts of his own past days.",
        basis="A6-1-f",
        categories_of_subjects=("staff", "partners"),
        recipients=("auditors",),
        measures=(
            "Counts by the hour and nothing of what was read; they are deleted after 180 days.",
            "A rule raises a question and decides nothing: somebody else answers it in writing.",
            "Who is counted sees the figures in the answer to a request under Art. 15 GDPR.",
        ),
    )
)
exempt("oversight.ActorHour", "Counts of the trail's own entries, made anew from them.")
exempt("oversight.HourCount", "Counts of the trail's own entries, made anew from them.")
exempt("oversight.CountedUntil", "How far those counts reach.")
activity(
    Activity(
        key="oversight.reports",
        title="Reports of the audit trail",
        purpose="To answer auditors and data protection officers, once or regularly, from the audit trail.",
        basis="A6-1-c",
        categories_of_subjects=("staff", "partners", "people whose data is processed"),
        recipients=("auditors", "data protection officers"),
        measures=(
            "A mail says that a report is ready and never what is in it.",
            "A report is made and taken under the rights of that hour; both are in the audit trail.",
            "Its file is deleted after two weeks.",
        ),
    )
)
