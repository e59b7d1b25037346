#!/usr/bin/env python
"""The command line of Steward."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    from django.core.management import execute_from_command_line

    from apps.kernel.trail import Context, acting

    with acting(Context(source=f"command:{sys.argv[1] if len(sys.argv) > 1 else 'help'}")):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
