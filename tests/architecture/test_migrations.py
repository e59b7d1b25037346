"""Migrations can be applied in one way only, and their names say what they do."""

import re

from django.apps import apps
from django.db.migrations.loader import MigrationLoader

OURS = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}


def test_every_app_has_one_head():
    loader = MigrationLoader(None, ignore_no_migrations=True)

    assert {label: len(loader.graph.leaf_nodes(label)) for label in OURS if loader.graph.leaf_nodes(label)} == {
        label: 1 for label in OURS if loader.graph.leaf_nodes(label)
    }


def test_every_name_says_what_it_does():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    unnamed = [
        key for key in loader.disk_migrations if key[0] in OURS and re.search(r"_auto_|^\d+_alter_|_and_more$", key[1])
    ]

    assert unnamed == []
