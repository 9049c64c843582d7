#!/usr/bin/env python
"""Reads every row of a database through Django and reports, as JSON, what is wrong.

    POCKITFLYER_SQLITE=FILE python tests/python/read_seeded.py

The report has `rows` and `tagged` (counts per table) and `problems` (rule -> lines). It
changes no row, but opening a file switches it to WAL: give it a copy.
"""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import django
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password, identify_hasher
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, models

BACKEND = Path(__file__).resolve().parents[2] / "pockitflyer_backend"
PASSWORD = "TestPass123!"

Problem = tuple[str, str]


def main() -> None:
    sys.path.insert(0, str(BACKEND))
    os.environ["DJANGO_SETTINGS_MODULE"] = "pockitflyer.settings"
    django.setup()

    report = {"rows": {}, "tagged": {}, "problems": defaultdict(list)}
    problems = [*passwords(), *references()]
    models_of_application = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label != "seedbed"
    ]
    for model in models_of_application:
        table = model._meta.db_table
        report["rows"][table] = model._default_manager.count()
        if hasattr(model, "is_e2e_test_data"):
            tagged = model._default_manager.filter(is_e2e_test_data=True)
            report["tagged"][table] = tagged.count()
        problems += rows(model)
    for rule, line in problems:
        report["problems"][rule].append(line)
    json.dump(report, sys.stdout, indent=2)


def passwords() -> Iterator[Problem]:
    users = get_user_model().objects.filter(is_e2e_test_data=True)
    # Seeded users may share one hash, and checking one is slow on purpose.
    emails = defaultdict(list)
    for email, encoded in users.values_list("email", "password"):
        emails[encoded].append(email)
    for encoded, owners in emails.items():
        if not check_password(PASSWORD, encoded):
            yield "wrong_password", ", ".join(owners)
        elif identify_hasher(encoded).must_update(encoded):
            yield "outdated_hash", ", ".join(owners)


def references() -> Iterator[Problem]:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_key_check")
        for table, row, parent, _ in cursor.fetchall():
            yield "dangling_reference", f"{table} row {row}: no such row in {parent}"


def rows(model: type[models.Model]) -> Iterator[Problem]:
    """Yields what keeps rows of `model` from being rows that Django itself wrote."""
    try:
        instances = list(model._base_manager.order_by("pk"))
    except (ArithmeticError, TypeError, ValueError, DatabaseError) as error:
        yield "unreadable_table", f"{model._meta.db_table}: {error!r}"
        return
    stored = dict(raw_rows(model))
    for instance in instances:
        name = f"{model._meta.db_table} row {instance.pk}"
        for field, raw in zip(
            model._meta.concrete_fields, stored[instance.pk], strict=True
        ):
            if not same(field, instance, raw):
                yield "foreign_spelling", f"{name}: {field.column} is stored as {raw!r}"
        try:
            instance.clean_fields()
            instance.clean()
        except ValidationError as error:
            yield "failed_validation", f"{name}: {error}"


def raw_rows(model: type[models.Model]) -> Iterator[tuple[object, list]]:
    """Yields (key, columns) as SQLite stores them.

    The unary plus takes the declared type away. With it, Django's converters would read
    7 as False and an unreadable moment as None.
    """
    columns = [field.column for field in model._meta.concrete_fields]
    wanted = ", ".join(f'+"{column}"' for column in columns)
    with connection.cursor() as cursor:
        key = model._meta.pk.column
        cursor.execute(f'SELECT +"{key}", {wanted} FROM "{model._meta.db_table}"')
        for pk, *values in cursor.fetchall():
            yield pk, values


def same(field: models.Field, instance: models.Model, raw: object) -> bool:
    """Returns whether Django would write `raw` for the value it has read."""
    value = getattr(instance, field.attname)
    if raw is None:
        return field.null
    written = field.get_db_prep_save(value, connection)
    if isinstance(field, models.DecimalField):
        # The text that Django sends becomes a number by the column's affinity.
        return (
            isinstance(raw, int | float)
            and written is not None
            and Decimal(repr(raw)) == Decimal(written)
        )
    if isinstance(field, models.BooleanField):
        return type(raw) is int and raw == int(written)
    return type(raw) is type(written) and raw == written


if __name__ == "__main__":
    main()
