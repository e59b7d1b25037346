from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="privacy.requests",
        title="Requests of people about their data",
        purpose="To answer requests under Art. 15 GDPR in time, and to prove it.",
        basis="A6-1-c",
        categories_of_subjects=("everybody who makes a request", "staff"),
        measures=(
            "A request holds keys of records only.",
            "The package can be fetched once, after signing in again, and is deleted after five days.",
        ),
    )
)
