"""Settings of the PockitFlyer backend.

The environment decides four things: POCKITFLYER_SECRET_KEY (the key in the file
development-only-secret-key beside manage.py if it is not set), POCKITFLYER_DEBUG ("1" turns
it on), POCKITFLYER_MEDIA (the folder of the pictures; media/ beside manage.py if it is not
set) and the database. That is DATABASE_URL (postgres://user:password@host:port/name or
sqlite:///path) or POCKITFLYER_SQLITE, the path of a file, which wins; db.sqlite3 beside
manage.py if neither is set. PostgreSQL needs requirements-postgresql.txt.
"""

import os
from datetime import timedelta
from pathlib import Path

from pockitflyer.database import database

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = (
    os.environ.get("POCKITFLYER_SECRET_KEY")
    or (BASE_DIR / "development-only-secret-key").read_text().strip()
)
DEBUG = os.environ.get("POCKITFLYER_DEBUG") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "users",
    "flyers",
    "seedbed.django",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# No cookie logs anybody in, so there is no request for another site to forge.
SILENCED_SYSTEM_CHECKS = ["security.W003"]
ROOT_URLCONF = "pockitflyer.urls"

DATABASES = {"default": database(os.environ, default=BASE_DIR / "db.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "users.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8},
    },
]

REST_FRAMEWORK = {
    # Its header name makes an anonymous call 401; without one, Django REST says 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(hours=24),
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
}

USE_TZ = True
TIME_ZONE = "UTC"

MEDIA_ROOT = Path(os.environ.get("POCKITFLYER_MEDIA") or BASE_DIR / "media")
MEDIA_URL = "media/"
# Nothing is served from there; Django's live server for tests answers nothing without it.
STATIC_URL = "static/"

SEEDBED = {
    "tokens": {
        "claims": {"token_type": "access", "user_id": "{key}", "email": "{email}"},
    },
}
