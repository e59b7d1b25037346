from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="platform.files",
        title="Files handed over",
        purpose="To keep a finished file, such as a person's own data, until it is handed over.",
        basis="A6-1-c",
        categories_of_subjects=("everybody who asks for their data",),
        recipients=("the person who asked",),
        measures=(
            "A file has no address and can be opened once.",
            "It is deleted after its days, and the deletion is verified.",
        ),
    )
)
