"""Ids in paths: `<row_id:name>`, once this module is imported."""

from django.db.models import BigIntegerField
from django.urls import register_converter
from django.urls.converters import IntConverter


class RowId(IntConverter):
    """A number that an id column can hold; no route leads to a larger one.

    SQLite's driver raises OverflowError where it is bound.
    """

    def to_python(self, value: str) -> int:
        number = super().to_python(value)
        if number > BigIntegerField.MAX_BIGINT:
            raise ValueError(value)
        return number


register_converter(RowId, "row_id")
