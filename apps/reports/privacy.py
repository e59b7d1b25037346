from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="platform.exports",
        title="Tables to take away",
        purpose="To give staff and partners the rows that they may see as one file.",
        basis="A6-1-f",
        categories_of_subjects=("everybody about whom a row is kept",),
        recipients=("the person who asked",),
        measures=(
            "A file holds the rows that the person who asked may see, and nobody else may take it.",
            "Each one is recorded in the audit trail, and its file is deleted after a day.",
        ),
    )
)
activity(
    Activity(
        key="platform.bulk-actions",
        title="One step for many records",
        purpose="To do one step, with one reason, for many records that somebody chose.",
        basis="A6-1-f",
        categories_of_subjects=("everybody about whom a row is kept",),
        recipients=("the person who chose them",),
        measures=("Each record is decided upon under that person's rights, and the wish is deleted after a week.",),
    )
)
