"""A Django project of its own for the tests of the wheel: another schema, and no media.

LIBRARY is its database: the path of a file, or an address as DATABASE_URL has one, which is what
counts without it.
"""

import os
from pathlib import Path

import dj_database_url

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "tests"
INSTALLED_APPS = ["library.catalogue", "seedbed.django"]
PLACE = os.environ.get("LIBRARY") or os.environ.get("DATABASE_URL") or str(BASE_DIR / "library.sqlite3")
ON_SQLITE = "://" not in PLACE
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": PLACE} if ON_SQLITE else dj_database_url.parse(PLACE)
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
