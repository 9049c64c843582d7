"""Settings of the PockitFlyer backend.

The environment decides three things: POCKITFLYER_SECRET_KEY, POCKITFLYER_DEBUG ("1" turns
it on) and POCKITFLYER_SQLITE, the path of the database file (default: db.sqlite3 beside
manage.py).
"""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = os.environ.get(
    "POCKITFLYER_SECRET_KEY",
    "development-only-secret-key-never-used-on-a-public-host",
)
DEBUG = os.environ.get("POCKITFLYER_DEBUG") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "users",
    "flyers",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "pockitflyer.urls"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("POCKITFLYER_SQLITE") or BASE_DIR / "db.sqlite3",
        "OPTIONS": {
            # Readers do not block the one writer. The mode is stored in the file.
            "init_command": "PRAGMA journal_mode = WAL",
            # A transaction takes the write lock when it starts, where SQLite waits for
            # it; a later upgrade of a read lock fails at once with "database is locked".
            "transaction_mode": "IMMEDIATE",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "users.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8},
    },
]

USE_TZ = True
TIME_ZONE = "UTC"

MEDIA_ROOT = BASE_DIR / "media"
MEDIA_URL = "media/"
