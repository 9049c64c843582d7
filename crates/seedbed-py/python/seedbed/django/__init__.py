"""Seedbed in a Django project: `INSTALLED_APPS += ["seedbed.django"]`.

`manage.py seedbed VERB ...` is the command line on Django's own connection. In code, a connection
is lent to a verb; what the verb does is part of the transaction that is open there, and not yet
committed before that is:

    import seedbed
    from seedbed.django import Database

    seedbed.reset("m03", database=Database())
"""

from seedbed.django.database import Database, is_seeded

__all__ = ["Database", "is_seeded"]
