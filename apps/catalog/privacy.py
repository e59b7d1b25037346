"""The processing activity behind the catalog (Art. 30 GDPR)."""

from apps.kernel.classification import Activity, activity

activity(
    Activity(
        key="catalog.purchasing",
        title="Purchasing",
        purpose="To order goods from suppliers and to reach the person there who answers.",
        basis="A6-1-f",
        categories_of_subjects=("contact persons of suppliers",),
        recipients=("purchasing staff",),
        measures=("Only roles of the catalog see suppliers, each in its own unit.",),
    )
)
