"""The project as Django's settings tell it: what stands for a `seedbed.toml`."""

import json
from collections.abc import Mapping
from pathlib import Path

from django.apps import apps
from django.conf import settings as django_settings

from seedbed.database import Settings
from seedbed.errors import UsageError

NAME = "settings.SEEDBED"


def settings() -> Settings:
    """Returns `settings.SEEDBED` as the text that a `seedbed.toml` would have.

    Without `scenarios`, those in the `fixtures/` of the installed apps are known; without
    `media`, files go where Django's uploads go. None means none.
    """
    given = getattr(django_settings, "SEEDBED", {})
    if not isinstance(given, Mapping):
        kind = type(given).__name__
        raise UsageError.new(
            "wrong-value",
            f"`{NAME}` is a {kind}, and a dictionary is needed",
            f'write {NAME.removeprefix("settings.")} = {{"lock_timeout": "10s"}}',
        )
    usual = {"scenarios": fixtures(), "media": django_settings.MEDIA_ROOT or None}
    lifetime = getattr(django_settings, "SIMPLE_JWT", {}).get("ACCESS_TOKEN_LIFETIME")
    tokens = given.get("tokens")
    if lifetime is not None and isinstance(tokens, Mapping):
        seconds = int(lifetime.total_seconds())
        given = {**given, "tokens": {"lifetime": f"{seconds}s", **tokens}}
    lines = [
        f"{toml(str(key))} = {toml(value)}\n"
        for key, value in {**usual, **given}.items()
        if value is not None
    ]
    folder = Path(getattr(django_settings, "BASE_DIR", Path.cwd()))
    return NAME, "".join(lines), folder


def secret() -> str | None:
    """Returns what simplejwt signs with: its own key, or that of the project. It is handed to the
    engine beside the settings, which may be quoted in an error."""
    of_tokens = getattr(django_settings, "SIMPLE_JWT", {})
    key = of_tokens.get("SIGNING_KEY") or django_settings.SECRET_KEY
    return key.decode() if isinstance(key, bytes) else str(key) or None


def toml(value: object) -> str:
    """Returns a value as TOML writes it; what TOML does not know is a text, as a path is."""
    match value:
        case bool() | int() | float():
            return json.dumps(value)
        case list() | tuple():
            return f"[{', '.join(map(toml, value))}]"
        case Mapping():
            entries = [f"{toml(str(key))} = {toml(entry)}" for key, entry in value.items()]
            return f"{{{', '.join(entries)}}}"
        case _:
            # JSON leaves one character as it is that TOML does not.
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def fixtures() -> list[Path]:
    """Returns the `fixtures/` of the installed apps."""
    folders = [Path(app.path) / "fixtures" for app in apps.get_app_configs()]
    return [folder for folder in folders if folder.is_dir()]
