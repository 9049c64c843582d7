from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState


class CreateModelUnlessThere(migrations.CreateModel):
    """Makes a table that the command line may have made before Django knew of it."""

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
        if not there:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


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
