"""The tokens a client shows with every call."""

from rest_framework_simplejwt.tokens import AccessToken

from users.models import User


def access_token(user: User) -> AccessToken:
    """Returns an unsigned token with simplejwt's claims and `email`; `str` signs it."""
    token = AccessToken.for_user(user)
    token["email"] = user.email
    return token
