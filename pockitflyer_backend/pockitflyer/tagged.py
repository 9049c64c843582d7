"""The tag that tells seeded rows from the application's own."""

from django.db import models


class Tagged(models.Model):
    """A row that says whether end-to-end test data put it there.

    Only seeding writes True; everything the application writes at run time keeps False.
    """

    is_e2e_test_data = models.BooleanField(default=False)

    class Meta:
        abstract = True
