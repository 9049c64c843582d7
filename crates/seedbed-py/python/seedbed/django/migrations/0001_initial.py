from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import CursorWrapper
from django.db.migrations.state import ProjectState


class CreateModelUnlessThere(migrations.CreateModel):
    """Makes a table that the command line may have made before Django knew of it.

    On PostgreSQL that one lies in a schema of its own and moves to the tables of the models, so
    that there is one state, whoever looks.
    """

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        connection = schema_editor.connection
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        with connection.cursor() as cursor:
            there = table in connection.introspection.table_names(cursor)
            if not there and connection.vendor == "postgresql":
                there = move_here(cursor, table)
        if not there:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


def move_here(cursor: CursorWrapper, table: str) -> bool:
    """Moves a table of the command line to those of the models; returns whether there is one.

    The schema that it leaves goes when it is empty.
    """
    cursor.execute("SELECT to_regclass(%s), quote_ident(current_schema())", [f"seedbed.{table}"])
    [(there, schema)] = cursor.fetchall()
    if there is None:
        return False
    cursor.execute(f"ALTER TABLE seedbed.{table} SET SCHEMA {schema}")
    cursor.execute(
        "SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass"
        " AND refobjid = to_regnamespace('seedbed')"
    )
    if not cursor.fetchall():
        cursor.execute("DROP SCHEMA seedbed")
    return True


def constraints(*constraints: models.BaseConstraint) -> dict[str, Any]:
    return {"default_permissions": (), "constraints": list(constraints)}


class Migration(migrations.Migration):
    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        CreateModelUnlessThere(
            name="Marker",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("identity", models.TextField(null=True)),
                ("how", models.TextField()),
                ("marked_at", models.BigIntegerField()),
                ("tool", models.TextField()),
                ("counters", models.TextField()),
                ("stale_files", models.TextField()),
            ],
            options=constraints(
                models.CheckConstraint(condition=models.Q(id=1), name="seedbed_one_marker"),
            ),
        ),
        CreateModelUnlessThere(
            name="State",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "scenario",
                        "worker",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("scenario", models.TextField()),
                ("worker", models.SmallIntegerField()),
                ("layer", models.SmallIntegerField()),
                ("seed", models.TextField()),
                ("as_of", models.BigIntegerField()),
                ("pinned", models.SmallIntegerField()),
                ("holds_for", models.BigIntegerField()),
                ("digest", models.TextField()),
                ("variant", models.TextField(null=True)),
                ("keys", models.TextField()),
                ("files", models.TextField()),
                ("passwords", models.TextField()),
                ("tool", models.TextField()),
                ("seeded_at", models.BigIntegerField()),
            ],
            options=constraints(
                models.UniqueConstraint(fields=["layer", "worker"], name="seedbed_one_layer"),
            ),
        ),
    ]
