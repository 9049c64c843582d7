"""A library: keys of several kinds, a relation with a tag, a table without one."""

import uuid

from django.db import models


class Author(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=80)
    is_test = models.BooleanField(default=False)

    class Meta:
        db_table = "author"


class Book(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=80)
    isbn = models.CharField(max_length=20, unique=True)
    price = models.DecimalField(max_digits=6, decimal_places=2)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    is_test = models.BooleanField(default=False)

    class Meta:
        db_table = "book"


class Reader(models.Model):
    """A table without a tag: its rows are known by their exact keys."""

    email = models.EmailField(unique=True)
    joined = models.DateTimeField()
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "reader"


class Loan(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="loans")
    reader = models.ForeignKey(Reader, on_delete=models.CASCADE, related_name="loans")
    since = models.DateTimeField()
    is_test = models.BooleanField(default=False)

    class Meta:
        db_table = "loan"
