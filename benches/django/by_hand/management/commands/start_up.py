from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Does nothing: what is left is Django's own start-up."
    requires_system_checks = []

    def handle(self, *args: str, **options: Any) -> None:
        pass
