"""The project as Django's settings tell it: what stands for a `seedbed.toml`."""

import json
from pathlib import Path

from django.apps import apps
from django.conf import settings as django_settings

from seedbed.database import Settings

NAME = "settings.SEEDBED"


def settings() -> Settings:
    """Returns `settings.SEEDBED` as the text that a `seedbed.toml` would have.

    Without `scenarios`, those in the `fixtures/` of the installed apps are known; without
    `media`, files go where Django's uploads go.
    """
    given = dict(getattr(django_settings, "SEEDBED", {}))
    given.setdefault("scenarios", fixtures())
    if django_settings.MEDIA_ROOT:
        given.setdefault("media", django_settings.MEDIA_ROOT)
    # A JSON text is a TOML text too, and so is a list of them.
    lines = [f"{key} = {json.dumps(value, default=str, ensure_ascii=False)}" for key, value in given.items()]
    folder = Path(getattr(django_settings, "BASE_DIR", Path.cwd()))
    return NAME, "\n".join(lines) + "\n", folder


def fixtures() -> list[Path]:
    """Returns the `fixtures/` of the installed apps."""
    folders = [Path(app.path) / "fixtures" for app in apps.get_app_configs()]
    return [folder for folder in folders if folder.is_dir()]
