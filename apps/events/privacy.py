from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="platform.events",
        title="Background work",
        purpose="To do later, reliably and in order what a request, a schedule or an event has asked for.",
        basis="A6-1-f",
        categories_of_subjects=("staff", "partners' services"),
        measures=("Events and jobs carry keys only.", "Finished rows are deleted after 30 days."),
    )
)
