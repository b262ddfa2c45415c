#!/usr/bin/env python
"""Django's command line for Jiedian."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from config.environment import demand_database

    try:
        execute_from_command_line(sys.argv)
    except OperationalError:
        demand_database()
        raise
