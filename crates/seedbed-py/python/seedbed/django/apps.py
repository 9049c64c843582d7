"""The Django app: the tables in which Seedbed keeps what it wrote, and one command."""

from django.apps import AppConfig
from django.db import connections

CONFIGURED: dict[str, object] = {}
"""The name of each database as the project has configured it, before a test runner puts another
in its place."""


class SeedbedConfig(AppConfig):
    name = "seedbed.django"
    label = "seedbed"
    verbose_name = "Seedbed"

    def ready(self) -> None:
        for alias, database in connections.settings.items():
            CONFIGURED.setdefault(alias, database["NAME"])
