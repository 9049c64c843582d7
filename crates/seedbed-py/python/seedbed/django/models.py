"""The two tables in which Seedbed keeps what it wrote.

They are models so that `migrate` makes them and `flush` empties them with everything else. Only
the engine reads and writes them; a database that the command line has seeded has them already.
"""

from django.db import models


class Marker(models.Model):
    """Says that tests may write into this database. There is one row at most."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    identity = models.TextField(null=True)
    how = models.TextField()
    marked_at = models.BigIntegerField()
    tool = models.TextField()
    counters = models.TextField()
    stale_files = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="seedbed_one_marker"),
        ]

    def __str__(self) -> str:
        return f"marked for tests: {self.how}"


class State(models.Model):
    """A scenario that is seeded for a worker, with the exact keys of its rows."""

    pk = models.CompositePrimaryKey("scenario", "worker")
    scenario = models.TextField()
    worker = models.SmallIntegerField()
    layer = models.SmallIntegerField()
    seed = models.TextField()
    as_of = models.BigIntegerField()
    pinned = models.SmallIntegerField()
    holds_for = models.BigIntegerField()
    digest = models.TextField()
    variant = models.TextField(null=True)
    keys = models.TextField()
    files = models.TextField()
    passwords = models.TextField()
    tool = models.TextField()
    seeded_at = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["layer", "worker"], name="seedbed_one_layer"),
        ]

    def __str__(self) -> str:
        return f"{self.scenario}, worker {self.worker}"
