from apps.kernel.registry import Domain, Role, domains
from tests.sample.events import PersonClosed, PersonCounted

domains.register(
    Domain(
        label="sample",
        api="tests.sample.api.urls",
        events=(PersonClosed, PersonCounted),
        roles=(
            Role(
                slug="sample-viewer",
                title="Sample viewer",
                permissions=("view_person", "view_deal", "view_line", "view_tag"),
            ),
            Role(
                slug="sample-manager",
                title="Sample manager",
                permissions=(
                    *(
                        f"{verb}_{noun}"
                        for verb in ("view", "add", "change", "delete")
                        for noun in ("person", "deal", "line", "tag")
                    ),
                    "close_person",
                ),
            ),
        ),
    )
)
