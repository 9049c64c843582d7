"""Tokens for tests that play a client: one that is let in, two that are not.

All are signed with the key of the running settings, so a server with the same
POCKITFLYER_SECRET_KEY reads them. Nothing is written to the database.
"""

from datetime import timedelta

from jwt import PyJWS
from rest_framework_simplejwt.settings import api_settings

from users.models import User
from users.tokens import access_token


def valid_token(user: User, lifetime: timedelta | None = None) -> str:
    """Returns a token like the one login returns, good for `lifetime` (default 24 hours).

    An inactive user's token is sound as well; it is the account that is refused.
    """
    if lifetime is not None and lifetime <= timedelta(0):
        raise ValueError(f"a valid token lasts longer than {lifetime}")
    token = access_token(user)
    token.set_exp(lifetime=lifetime)
    return str(token)


def expired_token(user: User) -> str:
    """Returns a token that was good for the usual time, until a minute ago."""
    token = access_token(user)
    issued = token.current_time - token.lifetime - timedelta(minutes=1)
    token.set_iat(at_time=issued)
    token.set_exp(from_time=issued)
    return str(token)


def malformed_token() -> str:
    """Returns three parts and a right signature around a payload that holds no claims.

    The content alone is at fault: neither a missing part nor the signature explains why
    it is refused.
    """
    return PyJWS().encode(
        b"this is no set of claims",
        api_settings.SIGNING_KEY,
        algorithm=api_settings.ALGORITHM,
    )
