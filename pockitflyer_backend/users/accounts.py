"""How accounts come to be, and how an email finds its account.

The database tells `Ada@` from `ada@`; people do not. Registration writes lower case.
"""

import re
from itertools import count

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Q

from users.models import User

# Leaves room for a number: a username holds 150 characters.
USERNAME_STEM = 140


class EmailTaken(Exception):
    """An account with this email exists, perhaps in another case."""


def stored_email(email: str) -> str:
    """Returns the spelling under which the account of `email` is stored.

    Where two accounts differ in case alone, the exact spelling wins, then the older
    account. Without an account, returns `email`.
    """
    spellings = User.objects.filter(email__iexact=email).order_by("id")
    found = list(spellings.values_list("email", flat=True))
    return email if email in found or not found else found[0]


def register(*, email: str, password: str, name: str | None = None) -> User:
    """Returns the new account, its profile named `name`; raises EmailTaken."""
    email = email.lower()
    # Hashing is slow on purpose: not while the database is locked, and once.
    encoded = make_password(password)
    while not User.objects.filter(email__iexact=email).exists():
        username = free_username(email)
        try:
            with transaction.atomic():
                user = User.objects.create(
                    email=email, username=username, password=encoded
                )
                if name:
                    user.profile.name = name
                    user.profile.save(update_fields=["name", "updated_at"])
                return user
        except IntegrityError:
            # Somebody was faster with the email or the username, or it is a real error.
            taken = Q(email=email) | Q(username=username)
            if not User.objects.filter(taken).exists():
                raise
    raise EmailTaken


def free_username(email: str) -> str:
    """Returns the local part of `email`, with a number behind it if it is taken."""
    local = email.rpartition("@")[0]
    stem = re.sub(r"[^\w.@+-]", "_", local)[:USERNAME_STEM]
    taken = {
        name.lower()
        for name in User.objects.filter(username__istartswith=stem).values_list(
            "username", flat=True
        )
    }
    names = (stem if number == 1 else f"{stem}{number}" for number in count(1))
    return next(name for name in names if name.lower() not in taken)
