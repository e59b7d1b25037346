from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="platform.notifications",
        title="Notices to staff",
        purpose="To tell the people in charge that something waits for them.",
        basis="A6-1-f",
        categories_of_subjects=("staff",),
        recipients=("the organisation's mail server",),
    )
)
